import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { markOf } from '../marks.ts';
import { promisesOf, type Report } from '../model.ts';
import { exitCodeOfReport, headline } from '../verdict.ts';
import { html, trusted, type Child, type Markup } from './markup.ts';
import { matrix } from './matrix.ts';
import { plotted } from './plots.ts';
import { promiseDetails } from './promise.ts';
import { phases, surroundings } from './sections.ts';
import { aboutCapability, shownMs, shownTime, sign, signs } from './words.ts';

const kinds = { 0: 'good', 1: 'bad' } as Readonly<Record<number, 'good' | 'bad'>>;
const source = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');
const uplot = (name: string): string => join(dirname(createRequire(import.meta.url).resolve('uplot/package.json')), 'dist', name);
const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * `report.html`: one page that needs nothing else and asks nothing of any network; its own policy forbids it. All text
 * that comes from the run is escaped.
 */
export function reportPage(report: Report): string {
  const { run } = report;
  // Of a page without plots it would be most.
  const plots = promisesOf(report).some(({ cases }) => cases.some((one) => plotted(one).length > 0));
  const css = `${source('report.css')}${plots ? readFileSync(uplot('uPlot.min.css'), 'utf8') : ''}`;
  const script = `${plots ? `${readFileSync(uplot('uPlot.iife.min.js'), 'utf8')}\n${source('plots.client.js')}` : ''}${source('report.client.js')}`;
  const policy = `default-src 'none'; img-src data:; style-src ${hash(css)}; script-src ${hash(script)}; base-uri 'none'; form-action 'none'`;
  const kind = kinds[exitCodeOfReport(report)] ?? 'unsure';
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${headline(report)} · edgeproof</title>
<style>${trusted(css)}</style>
</head>
<body>
${signs()}
<header>
<p class="product"><b>edgeproof</b> ${run.mode === 'control' ? 'negative control' : 'conformance'} <span>${run.id}</span></p>
<h1>${sign(kind)}<span>${headline(report)}</span></h1>
<p class="facts-line">${factsLine(report).map((fact) => html`<span>${fact}</span>`)}</p>
${run.mode === 'control' && html`<p class="note">This run is on plain Kubernetes, which is expected to break most promises. A scenario is <b>as named</b> when it is tagged <code>@baseline</code> and passed, or failed with exactly the code that its <code>@stock:</code> tag names. One that passes here without <code>@baseline</code> proves nothing about any implementation.</p>`}
${report.problems.length > 0 && html`<div class="problems" role="note"><h2>What went wrong with the run</h2><ul>${report.problems.map((problem) => html`<li>${problem}</li>`)}</ul></div>`}
${failures(report)}
<p class="again">Do it again: <code>${run.reproduce}</code></p>
</header>
<main>
${matrix(report)}
${filters(report)}
${report.capabilities.map(({ capability, promises }) => promises.length > 0 && html`<section class="capability" id="capability-${capability}"><h2>${capability} <small>${aboutCapability[capability]}</small></h2>${promises.map((promise) => promiseDetails(report, promise))}</section>`)}
${phases(report)}
${surroundings(report)}
</main>
<script>${trusted(script)}</script>
</body>
</html>
`;
  return page.text;
}

function factsLine({ run }: Report): Child[] {
  const tookMs = run.finishedAt === undefined ? undefined : Date.parse(run.finishedAt) - Date.parse(run.startedAt);
  const kubernetes = run.versions['kubernetes'];
  const claims = run.implementation.claims;
  return [
    html`<b>${run.implementation.name} ${run.implementation.version}</b>`,
    ...(run.mode === 'control' ? [] : [claims.length === 0 ? 'claims nothing' : `claims ${claims.join(', ')}`]),
    `topology ${run.topology.name}`, ...(kubernetes === undefined ? [] : [`Kubernetes ${kubernetes}`]),
    ...(run.tags === undefined ? [] : [html`only <code>${run.tags}</code>`]), shownTime(run.startedAt), ...(tookMs === undefined ? [] : [`took ${shownMs(tookMs)}`]),
  ];
}

/** What did not pass, with the reason, to go there at once: the page opens at the first. */
function failures(report: Report): Child {
  const bad = promisesOf(report).map((promise) => ({ promise, mark: markOf(report, promise) })).filter(({ mark, promise }) => (mark.kind === 'bad' || mark.kind === 'unsure') && promise.cases.some(({ steps }) => steps.length > 0));
  const sorted = bad.toSorted((a, b) => Number(b.mark.kind === 'bad') - Number(a.mark.kind === 'bad'));
  return sorted.length > 0 && html`<nav class="failures" aria-label="What did not pass"><h2>What did not pass</h2><ul>${sorted.map(({ promise, mark }) => html`<li><a href="#${promise.promise}">${promise.name}</a><small>${mark.sentence}</small></li>`)}</ul></nav>`;
}

/** Without its script the page shows everything, so the buttons are made visible by it. */
function filters(report: Report): Markup {
  const marks = promisesOf(report).map((promise) => markOf(report, promise));
  const control = report.control !== undefined;
  const words = { bad: control ? 'not as named' : 'failed', unsure: 'could not tell', good: control ? 'as named' : 'passed', none: 'not asked' } as const;
  const buttons = (Object.keys(words) as (keyof typeof words)[]).map((kind) => ({ kind, word: words[kind], count: marks.filter((mark) => mark.kind === kind).length }));
  return html`<div class="filters" role="group" aria-label="Which scenarios to show" hidden>
<button type="button" data-show="all" aria-pressed="true">all <b>${marks.length}</b></button>
${buttons.map(({ kind, word, count }) => html`<button type="button" data-show="${kind}" aria-pressed="false" ${count === 0 ? 'disabled' : ''}>${sign(kind)}${word} <b>${count}</b></button>`)}
<span class="space"></span><button type="button" data-unfold="true">unfold all</button><button type="button" data-unfold="false">fold all</button>
</div>`;
}
