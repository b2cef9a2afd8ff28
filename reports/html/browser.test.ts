/* In a real Chromium: what a page looks like to somebody, and does when somebody uses it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readReport } from '../build.ts';
import { fixtureCatalogue, fixtureRunDir } from '../fixture/shared.ts';
import { stretched } from '../fixture/stretched.ts';
import { Chromium } from './chromium.ts';
import { reportPage } from './page.ts';

const failing = 'identity-pod-ip-sandbox-kill';
const desk = { width: 1280, height: 1000 };
const folder = await mkdtemp(join(tmpdir(), 'edgeproof-page-'));
const file = join(folder, 'report.html');
let browser: Chromium;

before(async () => {
  const report = stretched(await readReport(await fixtureRunDir(), fixtureCatalogue), failing);
  await writeFile(file, reportPage(report));
  browser = await Chromium.start();
});
after(async () => {
  await browser?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const slider = `document.querySelector('#${failing} .foot .scale')`;
const readout = `document.querySelector('#${failing} .readout')`;

test('it opens at the first failure, unfolded, and nothing in it complains or asks a network', async () => {
  await browser.open(file, desk);
  assert.deepEqual(browser.complaints, []);
  const first = await browser.evaluate<string>('document.querySelector(".failures a").hash.slice(1)');
  const [top, open] = await browser.evaluate<[number, boolean]>(`(({ top }, { open }) => [top, open])(document.getElementById('${first}').getBoundingClientRect(), document.getElementById('${first}'))`);
  assert.ok(top >= 0 && top < 200, `it is at ${top}`);
  assert.equal(open, true);
  await browser.open(file, desk, '#top');
  assert.equal(await browser.evaluate('scrollY'), 0);
});

test('nothing is wider than the window, on a desk and on a phone, in light and dark', async () => {
  for (const view of [desk, { ...desk, dark: true }, { width: 390, height: 844, phone: true }, { width: 320, height: 700, phone: true, dark: true }]) {
    await browser.open(file, view);
    await browser.evaluate('document.querySelectorAll("details").forEach((one) => { one.open = true; })');
    assert.equal(await browser.evaluate('document.documentElement.scrollWidth'), view.width);
    assert.deepEqual(browser.complaints, []);
  }
});

test('in dark, the page is dark, and its plots are drawn in its colours', async () => {
  const ink = async (dark: boolean): Promise<[string, number]> => {
    await browser.open(file, { ...desk, dark }, `#${failing}`);
    return await browser.evaluate(`new Promise((resolve) => { const look = () => { const canvas = document.querySelector('.plot canvas'); if (canvas === null) return requestAnimationFrame(look); requestAnimationFrame(() => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height); let light = 0, seen = 0; for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 200) { seen++; light += data[at + 1]; }
      resolve([getComputedStyle(document.documentElement).backgroundColor, light / seen]); }); }; look(); })`);
  };
  const [[lightPaper, lightInk], [darkPaper, darkInk]] = [await ink(false), await ink(true)];
  assert.notEqual(lightPaper, darkPaper);
  assert.ok(lightInk > 0 && darkInk > 0 && lightInk !== darkInk, `${lightInk}, ${darkInk}`);
});

test('a second of a probe is a cell of its width, below the same second of all else', async () => {
  await browser.open(file, desk, `#${failing}`);
  const [cells, width, total, left] = await browser.evaluate<[number, number, number, number]>(`(() => {
    const lane = document.querySelector('#${failing} .cells:has(.cell)'); const bad = lane.querySelector('.cell.bad'); const box = lane.parentElement.getBoundingClientRect();
    return [bad.getAttribute('d').split('M').length - 1, box.width, Number(lane.closest('.timeline').dataset.ms) / 1000, bad.getBoundingClientRect().left - box.left];
  })()`);
  assert.equal(cells, 9);
  assert.ok(Math.abs(left - (21.06 / total) * width) < 2, `${left} of ${width}, ${total} s`);
});

test('with the keyboard alone one goes through the seconds and is told what was so in each', async () => {
  await browser.open(file, desk, `#${failing}`);
  await browser.evaluate(`${slider}.focus()`);
  assert.equal(await browser.evaluate(`${readout}.hidden`), false);
  for (let second = 0; second < 14; second++) await browser.press('ArrowRight');
  const said = async (): Promise<string> => await browser.evaluate<string>(`${slider}.getAttribute('aria-valuetext')`);
  assert.match(await said(), /^14\.0 seconds\. Given a Pod on an edge node of site east\. web-0 → db-0 at its Service : as it should be/);
  for (let second = 0; second < 10; second++) await browser.press('ArrowRight');
  assert.match(await said(), /^24\.0 seconds\. When the sandbox of the Pod is killed\. sandbox-kill pod edgeproof-7\/web-0\. web-0 → db-0 at its Service : not, 45 looks: connect: connection refused/);
  assert.match(await said(), /dev-worker2: no sandbox for web-0: failed to setup network: no CNI configuration/);
  assert.equal(await browser.evaluate(`${readout}.textContent.includes('no CNI configuration')`), true);
  await browser.press('Home');
  assert.equal(await browser.evaluate(`${slider}.getAttribute('aria-valuenow')`), '0.0');
  await browser.press('Escape');
  assert.equal(await browser.evaluate(`${readout}.hidden`), true);
});

test('every time line can be reached by Tab, and every summary', async () => {
  await browser.open(file, desk, '#top');
  const unreachable = await browser.evaluate<string[]>(`[...document.querySelectorAll('summary, [role=slider], a, button:enabled')].filter((one) => one.checkVisibility() && one.tabIndex < 0).map((one) => one.outerHTML.slice(0, 80))`);
  assert.deepEqual(unreachable, []);
  await browser.press('Tab');
  assert.match(await browser.evaluate<string>('document.activeElement.tagName'), /^(A|SUMMARY|BUTTON)$/);
});

test('the pointer over a time line shows the moment, and leaves nothing behind', async () => {
  await browser.open(file, desk, `#${failing}`);
  const [x, y] = await browser.evaluate<[number, number]>(`(() => { const lane = document.querySelector('#${failing} .cells:has(.cell)'); lane.scrollIntoView({ block: 'center' }); const { left, top, width, height } = lane.parentElement.getBoundingClientRect(); const total = lane.closest('.timeline').dataset.ms / 1000; return [left + width * 25 / total, top + height / 2]; })()`);
  await browser.point(x, y);
  assert.match(await browser.evaluate<string>(`${readout}.textContent`), /^2[45]\.\d s.*connection refused/);
  await browser.point(5, 5);
  assert.equal(await browser.evaluate(`${readout}.hidden`), true);
});

test('without its script all is there to be read: the reason, the seconds in words, the figures of the plot', async () => {
  await browser.open(file, { ...desk, script: false });
  const text = await browser.evaluate<string>(`document.getElementById('${failing}').textContent`);
  for (const part of ['What stands out', 'no CNI configuration', '21–30 s', 'connect: connection refused', 'the slowest of each second']) assert.ok(text.includes(part), part);
});
