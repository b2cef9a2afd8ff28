// Runs in the reader's browser, inlined in report.html: filters, folding, links to a promise, moments of a time line, and printing.
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
    let id = location.hash.slice(1);
    // Not ours, when it cannot be read.
    try { id = decodeURIComponent(id); } catch {}
    const target = document.getElementById(id);
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
  else document.querySelector('.failures a') && document.getElementById(document.querySelector('.failures a').hash.slice(1))?.scrollIntoView();

  /** What was so at a moment of a time line, by what its rows and lists say: pairs of a kind and a text. */
  const saidAt = (timeline, second) => {
    const spans = (what) => [...timeline.querySelectorAll(`[data-${what}]`)].filter((row) => {
      const [from, to] = row.dataset[what].split(' ').map(Number);
      return from <= second && second < to;
    });
    const textOf = (row) => row.querySelector('.text').textContent;
    const near = Math.max(0.5, timeline.dataset.ms / 100_000);
    const happened = [...timeline.querySelectorAll('.moments li')].filter((item) => !item.matches('.step, .fault') && Math.abs(Number(item.firstElementChild.textContent) - second) <= near);
    return [
      ...spans('step').map((row) => ['step', textOf(row)]),
      ...spans('fault').map((row) => ['fault', textOf(row)]),
      ...spans('s').map((item) => [item.querySelector('.bad, .mixed') ? 'bad' : 'plain', `${textOf(item.closest('.row'))}: ${item.textContent.slice(item.firstElementChild.textContent.length).trim()}`]),
      ...happened.slice(0, 6).map((item) => [item.className, `${item.children[1].textContent}: ${item.children[2].textContent}`]),
      ...(happened.length > 6 ? [['plain', `and ${happened.length - 6} more`]] : []),
    ];
  };

  for (const timeline of document.querySelectorAll('.timeline[data-ms]')) {
    const total = timeline.dataset.ms / 1000;
    const slider = timeline.querySelector('.foot .scale');
    const [cursor, readout] = ['cursor', 'readout'].map((name) => Object.assign(document.createElement('div'), { className: name, hidden: true }));
    timeline.append(cursor, readout);
    timeline.querySelector('.foot').removeAttribute('aria-hidden');
    const attributes = { role: 'slider', tabindex: '0', 'aria-label': 'Moment of the scenario, in seconds; arrow keys move it', 'aria-valuemin': '0', 'aria-valuemax': total.toFixed(1), 'aria-valuenow': '0' };
    for (const [name, value] of Object.entries(attributes)) slider.setAttribute(name, value);
    let at = 0;

    const hide = () => { cursor.hidden = readout.hidden = true; };
    const look = (second, y) => {
      at = Math.min(total, Math.max(0, second));
      const said = saidAt(timeline, at);
      const [outer, scale] = [timeline.getBoundingClientRect(), slider.getBoundingClientRect()];
      const x = scale.left - outer.left + (at / total) * scale.width;
      readout.replaceChildren(Object.assign(document.createElement('b'), { textContent: `${at.toFixed(1)} s` }), ...said.map(([kind, text]) => Object.assign(document.createElement('p'), { className: kind, textContent: text })));
      cursor.hidden = readout.hidden = false;
      cursor.style.left = `${x}px`;
      cursor.style.height = `${scale.bottom - outer.top}px`;
      readout.style.left = `${Math.max(0, Math.min(outer.width - readout.offsetWidth, x > outer.width / 2 ? x - readout.offsetWidth - 12 : x + 12))}px`;
      readout.style.top = `${(y === undefined ? scale.bottom + 8 : y + 16) - outer.top}px`;
      slider.setAttribute('aria-valuenow', at.toFixed(1));
      slider.setAttribute('aria-valuetext', [`${at.toFixed(1)} seconds`, ...said.map(([, text]) => text)].join('. '));
    };
    const follow = (event) => {
      if (event.target.closest?.('.scale') === null) return hide();
      const scale = slider.getBoundingClientRect();
      look(((event.clientX - scale.left) / scale.width) * total, event.clientY);
    };
    timeline.addEventListener('pointermove', follow);
    timeline.addEventListener('pointerdown', follow);
    timeline.addEventListener('pointerleave', hide);
    slider.addEventListener('focus', () => look(at));
    slider.addEventListener('blur', hide);
    slider.addEventListener('keydown', (event) => {
      const step = event.shiftKey ? 10 : 1;
      const to = { ArrowRight: at + step, ArrowUp: at + step, ArrowLeft: at - step, ArrowDown: at - step, PageUp: at + 10, PageDown: at - 10, Home: 0, End: total }[event.key];
      if (event.key === 'Escape') hide();
      if (to === undefined) return;
      event.preventDefault();
      look(to);
    });
  }

  // Paper cannot be unfolded.
  let folded = [];
  addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('details:not([open])')];
    for (const one of folded) one.open = true;
  });
  addEventListener('afterprint', () => { for (const one of folded) one.open = false; });
})();
