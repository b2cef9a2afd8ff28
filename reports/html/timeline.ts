import { createHash } from 'node:crypto';
import type { FaultReport } from '../case-attachments.ts';
import type { CaseReport, StepReport } from '../cases.ts';
import { axis, lane, type Span } from './lanes.ts';
import { html, type Child, type Markup } from './markup.ts';
import { momentList, toldRows } from './moments.ts';
import { probeRows } from './probe-rows.ts';
import { shownMs, sign } from './words.ts';

/** Hooks that took less, passed and attached nothing are of no interest. */
const shortHookMs = 100;

/** The steps of a case on one time scale; under them its faults, what was told of it and what probes saw. @param id of the page alone */
export function timeline(one: CaseReport, id: string): Markup {
  if (one.steps.length === 0) return html``;
  const totalMs = Math.max(1, one.ms, ...one.faults.map((fault) => fault.endMs ?? 0));
  const shade = one.faults.map((fault): Span => ({ from: fault.startMs, to: fault.endMs ?? totalMs, look: 'shade' }));
  const steps = one.steps.filter((step) => step.kind === 'step' || step.status === 'failed' || step.status === 'unfinished' || step.texts.length > 0 || step.ms >= shortHookMs);
  // It stands in every line.
  const gridId = `g${createHash('sha256').update(id).digest('hex').slice(0, 6)}`;
  return html`<div class="timeline" data-ms="${Math.round(totalMs)}"><div role="table" aria-label="Steps, faults, events and what probes saw, on one scale">
<div class="row head" role="row"><span role="columnheader">Steps</span><span role="columnheader" class="ms">took</span><span class="scale" role="columnheader" aria-label="when"></span></div>
${steps.map((step) => stepRow(step, totalMs, gridId))}
${one.faults.length > 0 && html`<div class="row head" role="row"><span role="columnheader">Faults</span><span role="columnheader" class="ms">lasted</span><span class="scale" role="columnheader" aria-label="when"></span></div>`}
${one.faults.map((fault) => faultRow(fault, totalMs, gridId))}
${toldRows(one, totalMs, gridId)}
${probeRows(one, totalMs, gridId)}
</div><div class="row foot" aria-hidden="true"><span></span><span></span><span class="scale">${axis(totalMs, gridId, shade)}</span></div>
${momentList(one)}</div>`;
}

const stepKind = (step: StepReport) =>
  step.status === 'passed' ? 'good' : step.status === 'skipped' ? 'none' : step.status === 'failed' && step.error?.code !== undefined ? 'bad' : 'unsure';

/** For the pointer over the time line, in seconds. */
const spanOf = (what: 'step' | 'fault', fromMs: number, toMs: number): Markup => html` data-${what}="${(fromMs / 1000).toFixed(2)} ${(toMs / 1000).toFixed(2)}"`;

function stepRow(step: StepReport, totalMs: number, gridId: string): Markup {
  const ran = step.status !== 'skipped';
  const kind = stepKind(step);
  const word = step.status === 'passed' ? html`<span class="unseen">passed</span>` : html`<em class="${kind}">${step.status}</em>`;
  const spans: Span[] = ran ? [{ from: step.startMs, to: step.startMs + step.ms, look: `bar ${kind}` }] : [];
  return html`<div class="row${step.kind === 'step' ? '' : ' hook'}${ran ? '' : ' off'}" role="row"${ran && spanOf('step', step.startMs, step.startMs + step.ms)}>
<span role="cell" class="what">${sign(kind)}<span><span class="text"><b>${step.keyword}</b> ${step.text}</span> ${word}${argument(step)}</span></span>
<span role="cell" class="ms">${ran ? shownMs(step.ms) : ''}</span><span role="cell" class="scale">${lane(spans, totalMs, gridId)}</span></div>`;
}

function argument(step: StepReport): Child {
  const table = step.table !== undefined && html`<table class="argument">${step.table.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</table>`;
  const text = step.docString !== undefined && html`<pre class="argument">${step.docString}</pre>`;
  return [table, text];
}

function faultRow(fault: FaultReport, totalMs: number, gridId: string): Markup {
  const seen = fault.verifiedMs;
  const endMs = fault.endMs ?? totalMs;
  const spans: Span[] = [
    { from: fault.startMs, to: seen ?? endMs, look: 'fault brewing' },
    ...(seen === undefined ? [] : [{ from: seen, to: endMs, look: 'fault' }]),
  ];
  const times = [
    `injected at ${shownMs(fault.startMs)}`, seen === undefined ? 'never seen by its victim' : `seen at ${shownMs(seen)}`,
    fault.endMs === undefined ? 'not healed when the scenario ended' : `healed at ${shownMs(fault.endMs)}`,
  ].join(', ');
  return html`<div class="row" role="row"${spanOf('fault', fault.startMs, endMs)}>
<span role="cell" class="what"><svg class="sign bolt" viewBox="0 0 16 16" aria-hidden="true"><path d="M9 1.5 3.5 9h3.7L6.5 14.5 12.5 6.5H8.6z"/></svg><span><span class="text"><b>${fault.kind}</b> ${fault.target}</span><small>${times}</small>${fault.evidence !== undefined && html`<small class="evidence">Evidence: ${fault.evidence}</small>`}</span></span>
<span role="cell" class="ms">${shownMs(endMs - fault.startMs)}</span><span role="cell" class="scale">${lane(spans, totalMs, gridId)}</span></div>`;
}
