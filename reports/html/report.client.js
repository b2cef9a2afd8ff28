// Runs in the reader's browser, inlined in report.html: filters, folding, links to a promise, and printing.
'use strict';
(() => {
  const promises = [...document.querySelectorAll('details.promise')];
  const filters = document.querySelector('.filters');
  const buttons = [...document.querySelectorAll('[data-show]')];

  const show = (kind) => {
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.show === kind));
    for (const promise of promises) promise.hidden = kind !== 'all' && promise.dataset.kind !== kind;
    for (const section of document.querySelectorAll('section.capability')) {
      section.hidden = section.querySelector('details.promise:not([hidden])') === null;
    }
  };

  const openTarget = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target === null) return;
    if (target.hidden || target.closest('[hidden]') !== null) show('all');
    if (target instanceof HTMLDetailsElement) target.open = true;
    target.scrollIntoView();
  };

  for (const button of buttons) button.addEventListener('click', () => show(button.dataset.show));
  for (const button of document.querySelectorAll('[data-unfold]')) {
    button.addEventListener('click', () => {
      for (const promise of promises) if (!promise.hidden) promise.open = button.dataset.unfold === 'true';
    });
  }
  if (filters !== null) filters.hidden = false;
  addEventListener('hashchange', openTarget);
  if (location.hash !== '') openTarget();

  // Paper cannot be unfolded.
  let folded = [];
  addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('details:not([open])')];
    for (const one of folded) one.open = true;
  });
  addEventListener('afterprint', () => { for (const one of folded) one.open = false; });
})();
