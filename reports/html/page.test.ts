import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildReport } from '../build.ts';
import { fixtureCatalogue, fixtureRunDir } from '../fixture/shared.ts';
import { samplesOf, stretched } from '../fixture/stretched.ts';
import type { SamplesAttachment } from '../attachments.ts';
import { promisesOf, type Report } from '../model.ts';
import { budgetTable } from './findings.ts';
import { probeRows } from './probe-rows.ts';
import { identityPictures } from './identities.ts';
import { ticksOf } from './lanes.ts';
import { escapeHtml, html } from './markup.ts';
import { reportPage } from './page.ts';

const dir = await fixtureRunDir();
const report = await buildReport(dir, fixtureCatalogue);
const page = await readFile(join(dir, 'report.html'), 'utf8');
const css = await readFile(join(import.meta.dirname, 'report.css'), 'utf8');
/** The page without its own style and script. */
const withoutOwn = (text: string): string => text.replace(/<style>[^]*?<\/style>/, '').replace(/<script>[^]*<\/script>\s*<\/body>/, '</body>');
const body = withoutOwn(page);

test('text of the run is escaped wherever it stands', () => {
  assert.doesNotMatch(body, /<script|<i>|<b>boldly/);
  assert.match(body, /&lt;script&gt;alert\(&quot;too&quot;\)&lt;\/script&gt; &amp; all/);
  const evil = `"><script>alert(1)</script><img src=x onerror='x'>`;
  const poisoned = reportPage({
    ...report, problems: [evil], logs: [`logs/tunnel-logs-complete/${evil}`, `logs/${evil}`],
    run: {
      ...report.run, id: evil, reproduce: evil, tags: evil, implementation: { ...report.run.implementation, name: evil, version: evil }, host: { [evil]: evil },
      versions: { [evil]: evil }, phases: [{ name: evil, startedAt: report.run.startedAt, ms: 1 }], topology: { ...report.run.topology, name: evil },
    },
    capabilities: report.capabilities.map((one) => ({ ...one, promises: one.promises.map((promise) => ({
      ...promise, name: evil, why: evil, origin: evil, uri: evil, tags: [evil], reason: evil, promise: evil,
      cases: promise.cases.map((each) => ({ ...each, name: evil, slug: evil, reason: evil, steps: each.steps.map((step) => ({ ...step, text: evil, keyword: evil, docString: evil, table: [[evil]], texts: [{ name: evil, text: evil }],
        error: { type: evil, code: evil, message: evil, causes: [evil], stack: evil } })),
        faults: each.faults.map((fault) => ({ ...fault, kind: evil, target: evil, evidence: evil })), budgets: [{ what: evil, budgetMs: 1, tookMs: 2 }],
        identities: [{ before: [{ name: evil, [evil]: evil }], after: [] }],
        told: [{ who: evil, by: 'node', happenings: [{ at: 1, what: evil, bad: true, count: 2, until: 3 }], gaps: [evil], left: 1 }], standings: [{ at: evil, asked: [evil], said: [evil] }], samples: [samplesOf(Date.now(), evil, [evil])],
        pictures: [{ before: { takenAt: evil, tookMs: 1 }, after: { takenAt: evil, tookMs: 1 }, who: [
          { kind: 'pod', name: evil, on: evil, facts: [{ what: evil, of: evil, before: evil, after: { unread: evil } }, { what: evil, of: evil, before: null, after: evil }, { what: evil, before: evil, after: evil }] },
          { kind: 'node', name: evil, facts: [{ what: evil, before: evil, after: evil }] },
        ] }] })),
    })) })),
  } as Report);
  assert.equal(poisoned.match(/<script/g)?.length, 1);
  assert.doesNotMatch(poisoned, /<img/);
  assert.doesNotMatch(poisoned, /<[a-z0-9]+(?: [a-z-]+(?:="[^"]*")?)* onerror=/);
});

test('it asks nothing of any network, and its policy allows only its own style and script', () => {
  assert.doesNotMatch(page, /<(link|script|img|iframe|source|video|audio|object|embed)\b[^>]*\b(src|href|data)="(?!data:,)/);
  assert.doesNotMatch(css, /url\(|@import/);
  const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1]?.replaceAll('&#39;', "'") ?? '';
  assert.match(policy, /default-src 'none'/);
  for (const element of ['style', 'script']) {
    const text = new RegExp(`<${element}>([^]*?)</${element}>`).exec(page)?.[1] ?? '';
    assert.ok(policy.includes(`${element}-src 'sha256-${createHash('sha256').update(text).digest('base64')}'`), element);
  }
  assert.doesNotMatch(body, / style="| on[a-z]+="/);
});

test('every element that is opened is closed', () => {
  const body = withoutOwn(reportPage(stretched(report, 'identity-pod-ip-sandbox-kill', '<&">')));
  const empty = new Set(['meta', 'link', 'rect', 'path', 'line', 'use']);
  const open: string[] = [];
  for (const [, slash, name = ''] of body.replace('<!doctype html>', '').matchAll(/<(\/?)([a-z][a-z0-9]*)(?:\s[^<>]*)?>/g)) {
    if (slash === '/') assert.equal(open.pop(), name);
    else if (!empty.has(name)) open.push(name);
  }
  assert.deepEqual(open, []);
});

test('failed promises are unfolded, passed ones are not, and each can be linked to', () => {
  assert.match(page, /<details class="promise" id="identity-pod-ip-sandbox-kill" data-kind="bad" open>/);
  assert.match(page, /<details class="promise" id="lifecycle-nodes-ready" data-kind="good" data-calm>/);
  for (const { promise } of fixtureCatalogue) assert.ok(page.includes(`href="#${promise}"`));
});

test('it says what a reader needs: verdict, faults with evidence, budgets, changed identities, logs, how to do it again', () => {
  for (const text of [
    'reference broke 3 of 10 promises. 2 could not be told.', 'Evidence: dev-worker2 got &quot;connection refused&quot;', 'took 1.2 s of 2.0 s', '<em>changed</em>',
    'href="logs/tunnel-logs-complete/kubelet%20dev-worker2.log"', 'npm run conformance -- --topology two-sites', '23.5 GiB', 'because: read ECONNRESET', 'not claimed',
  ]) assert.ok(page.includes(text), text);
});

/** Rows of a promise's tables that have a class, each as that and its texts. */
const rowsOf = (promise: string): string[] => [...(page.split('<details class="promise" ').find((part) => part.startsWith(`id="${promise}"`)) ?? '').matchAll(/<tr class="([a-z]*)">([^]*?)<\/tr>/g)]
  .map(([, look, row = '']) => `${look}: ${row.replaceAll(/(<[^>]+>\s*)+/g, '|')}`);

test('all nodes and Pods are side by side: what changed, what its sources dispute and what nobody could read is told, the rest in a line each', () => {
  const rows = rowsOf('identity-pod-ip-sandbox-kill');
  for (const row of [
    ': |MAC in the FDB of dev-worker3|5a:1e:00:11:22:33|not read: dev-worker3 is &lt;b&gt;not&lt;/b&gt; running|not read|',
    'changed: |address on its interface|10.244.3.7|10.244.3.9|changed|',
    ': |address in the API|10.244.3.7|10.244.3.7|same|',
    'rest: |1 more as before: |Running|',
    'changed: |all|10.244.3.2 · Running|none|gone|',
    'who: |Pod |edgeproof-7/web-0|on dev-worker2|at the end, not all say the same address|',
  ]) assert.ok(rows.includes(row), `${row}\nis not in\n${rows.join('\n')}`);
  assert.match(page, /The same at both moments, by all who were asked: 1 Pod<[^]*?edgeproof-7\/db-0<\/b> <small>on dev-worker2<\/small>: <code>10\.244\.3\.8 · Running</);
  assert.match(page, /The same at both moments, by all who were asked: 2 nodes and 2 Pods</);
  assert.match(page, /Made in between: 1 Pod<[^]*?edgeproof-7\/new-0<\/b> <small>on dev-worker2<\/small>: <code>10\.244\.3\.3 · Running</);
});

test('what could not be read at both moments is not the same', () => {
  const unread = { unread: 'no answer' };
  const who = [{ kind: 'node' as const, name: 'n', facts: [{ what: 'MAC', of: 'MAC', before: unread, after: unread }] }];
  const moment = { takenAt: '2026-11-28T10:00:00.000Z', tookMs: 1 };
  const shown = html`${identityPictures([{ before: moment, after: moment, who }])}`.text;
  assert.match(shown, />not read<\/em>/);
  assert.doesNotMatch(shown, /[Ss]ame at both/);
});

test('what was waited for and came was not missed before; what never came was', () => {
  const [one] = promisesOf(report).find(({ promise }) => promise === 'lifecycle-nodes-ready')!.cases;
  const cells: (at: readonly [number, number][]) => SamplesAttachment['cells'] = (at) => at.map(([ok, bad], second) => [second, ok, bad, null, bad > 0 ? 0 : null]);
  const shown = (waits: boolean, at: readonly [number, number][]): string[] => {
    const lane = { what: 'x', from: Date.parse(one!.startedAt!), cells: cells(at), whys: ['w'], ...(waits && { waits: true as const }) };
    return [...html`${probeRows({ ...one!, samples: [lane] }, 5000, 'g')}`.text.matchAll(/<em class="(\w+)">/g)].map(([, look = '']) => look);
  };
  assert.deepEqual(shown(true, [[0, 4], [1, 3]]), ['yet', 'ok']);
  assert.deepEqual(shown(true, [[0, 4], [0, 4]]), ['bad']);
  assert.deepEqual(shown(false, [[0, 4], [1, 3], [4, 0]]), ['bad', 'mixed', 'ok']);
});

test('what was done often within one budget has one line, by the longest', () => {
  const [row, ...others] = html`${budgetTable([200, 6000, 300].map((tookMs) => ({ what: 'exec', budgetMs: 5000, tookMs })))}`.text.split('<tr>').slice(1);
  assert.deepEqual(others, []);
  assert.match(row!.replaceAll(/<svg[^]*?<\/svg>|<[^>]+>/g, ''), /^exec 3 timestook 0\.2 s to 6\.0 s of 5\.0 s over/);
});

test('markup escapes strings and drops what is not there', () => {
  assert.equal(html`<p class="${'"'}">${'<&>'}${undefined}${false}${[html`<b>${1}</b>`, 'x']}</p>`.text, '<p class="&quot;">&lt;&amp;&gt;<b>1</b>x</p>');
  assert.equal(escapeHtml('a\u001b[31m\r\nb\u007f'), 'a␛[31m\nb␡');
});

test('a scale has a few round ticks', () => {
  assert.deepEqual(ticksOf(12_400), [0, 5000, 10_000]);
  assert.deepEqual(ticksOf(252_000), [0, 60_000, 120_000, 180_000, 240_000]);
  assert.deepEqual(ticksOf(1), [0, 1]);
  assert.ok(ticksOf(100 * 3_600_000).length < 60);
});

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio, of colours like #1b1e21. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string): number => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * ([0.2126, 0.7152, 0.0722][index] ?? 0), 0);
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

test('text has a contrast of 4.5 or more on every ground it stands on, in light and dark (WCAG AA)', () => {
  const [light, dark] = [...css.matchAll(/:root \{[^}]*?--paper[^}]*\}/g)].map(([rule]) => new Map([...rule.matchAll(/--([a-z-]+): (#[0-9a-f]{6})/g)].map(([, key = '', value = '']) => [key, value])));
  for (const colours of [light, dark]) {
    assert.ok(colours !== undefined && colours.size === 17);
    const pairs = [
      ...['ink', 'soft', 'good', 'bad', 'unsure', 'none', 'link'].flatMap((text) => ['paper', 'card', 'wash'].map((ground) => [text, ground])),
      ['bad', 'bad-wash'], ['ink', 'bad-wash'], ['soft', 'bad-wash'], ['ink', 'unsure-wash'], ['unsure', 'wash'], ['card', 'bad'], ['paper', 'ink'],
      ['good', 'good-wash'], ['unsure', 'unsure-wash'], ['none', 'none-wash'],
    ];
    for (const [text = '', ground = ''] of pairs) {
      const ratio = contrast(colours.get(text) ?? '', colours.get(ground) ?? '');
      assert.ok(ratio >= 4.5, `${text} on ${ground}: ${ratio.toFixed(2)}`);
    }
    // Bars and signs: 3 is enough for graphics.
    for (const shape of ['good', 'bad', 'unsure', 'none', 'fault']) assert.ok(contrast(colours.get(shape) ?? '', colours.get('fault-wash') ?? '') >= 3, shape);
  }
});

test('what is recorded of a scenario takes no more of a page than lets a full run stay below 2 MB', () => {
  const without = Buffer.byteLength(reportPage(report));
  const one = stretched(report, 'identity-pod-ip-sandbox-kill');
  const own = Buffer.byteLength(reportPage(one)) - without;
  // uPlot is there once. Of 87 scenarios all else took 1.06 MB.
  const perScenario = own - 60_000;
  assert.ok(perScenario > 0 && perScenario < (2_000_000 - 1_063_000 - 60_000) / 87, `${own}`);
});

test('the command for one promise is the run\'s own, also for a topology in a file', () => {
  const commandOf = (reproduce: string): string | undefined =>
    /This one again<\/dt><dd><code>([^<]*tunnel-top)</.exec(reportPage({ ...report, run: { ...report.run, reproduce } }))?.[1];
  assert.equal(commandOf('npm run conformance'), 'npm run conformance -- --tags @tunnel-top');
  assert.equal(commandOf('npm run conformance -- --tags @tunnel'), 'npm run conformance -- --tags @tunnel-top');
  assert.equal(commandOf('npm run conformance -- --topology ./mine.yaml --tags @tunnel'), 'npm run conformance -- --topology ./mine.yaml --tags @tunnel-top');
});
