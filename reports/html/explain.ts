import type { CaseReport, StepReport } from '../cases.ts';
import { errorBlock } from './findings.ts';
import { html, type Child, type Markup } from './markup.ts';
import { momentItem, momentsOf, seconds, type Moment } from './moments.ts';
import { shownMs } from './words.ts';

/** What led to a failure may have begun before the step that saw it. */
const beforeMs = 3000;
const mostMoments = 14;

/** Of a case that did not pass: the step, what was expected and what was seen last, what was broken then, what stands out and what to do next. */
export function explanation(one: CaseReport, command: string | undefined): Child {
  const step = one.steps.find(({ status }) => status !== 'passed' && status !== 'skipped');
  if (step?.error === undefined) return undefined;
  const { text, lastSeen, next } = partsOf(step.error.message);
  const endMs = step.startMs + step.ms;
  const budget = one.budgets.findLast(({ what, tookMs, budgetMs }) => tookMs >= budgetMs && step.error?.message.startsWith(what));
  const [active, gone] = [one.faults.filter((fault) => fault.startMs <= endMs && (fault.endMs ?? Infinity) >= endMs), one.faults.filter((fault) => (fault.endMs ?? Infinity) < endMs)];
  // The first error is the reason; one more may come from a hook that cleans up.
  const others = one.steps.filter((other) => other !== step && other.error !== undefined);
  return html`<div class="explain">
${errorBlock({ ...step.error, message: text })}
<dl class="about">
${standings(one)}
<div><dt>Failed step</dt><dd><b>${step.keyword}</b> ${step.text} <small>${placeOf(one, step)}, from ${seconds(step.startMs)} to ${seconds(endMs)}</small></dd></div>
${budget !== undefined && html`<div><dt>Expected</dt><dd>${budget.what}, within ${shownMs(budget.budgetMs)}</dd></div>`}
${lastSeen !== undefined && html`<div><dt>Seen at last</dt><dd>${lastSeen}</dd></div>`}
<div><dt>Broken just then</dt><dd>${active.length === 0 ? `nothing by the harness${gone.length > 0 ? `; before it ${gone.map((fault) => `${fault.kind} on ${fault.target}, healed at ${seconds(fault.endMs ?? 0)}`).join('; ')}` : ''}` : active.map((fault) => html`<p><b>${fault.kind}</b> on ${fault.target}, ${shownMs(endMs - fault.startMs)} before${fault.evidence !== undefined && html` <small>${fault.evidence}</small>`}</p>`)}</dd></div>
${nextSteps(one, next, command)}
</dl>
${around(one, step, endMs)}
${others.map((other) => html`<p class="note">And then, in ${other.kind === 'step' ? 'the step' : 'a hook'} "${other.text}":</p>${errorBlock(other.error!)}`)}
</div>`;
}

/** Parts of a message: `…; at the last look: …` and, each on a line of its own, `next: …`. */
function partsOf(message: string): { readonly text: string; readonly lastSeen?: string; readonly next: readonly string[] } {
  const lines = message.split('\n');
  const next = lines.filter((line) => line.startsWith('  next: ')).map((line) => line.slice('  next: '.length));
  const rest = lines.filter((line) => !line.startsWith('  next: ')).join('\n');
  const [text = '', ...seen] = rest.split('; at the last look: ');
  return { text, next, ...(seen.length > 0 && { lastSeen: seen.join('; at the last look: ') }) };
}

const placeOf = (one: CaseReport, step: StepReport): string => {
  const steps = one.steps.filter(({ kind }) => kind === 'step');
  return step.kind === 'step' ? `step ${steps.indexOf(step) + 1} of ${steps.length}` : `a hook, ${step.kind} the steps`;
};

function standings(one: CaseReport): Child {
  if (one.standings.length === 0) return undefined;
  const said = one.standings.flatMap((standing) => standing.said);
  const asked = new Set(one.standings.flatMap((standing) => standing.asked)).size;
  return html`<div><dt>What stands out</dt><dd>${said.length === 0
    ? `Nothing of how the nodes stood then: all ${asked} were asked for their services, Pods, CNI configuration, routes and disk.`
    : html`<ul class="out">${said.map((sentence) => html`<li>${sentence}</li>`)}</ul>`}</dd></div>`;
}

function nextSteps(one: CaseReport, next: readonly string[], command: string | undefined): Child {
  const nodes = one.told.filter(({ by }) => by === 'node').map(({ who }) => who.replace(/^.*?-(?=worker|control-plane)/, ''));
  const steps: Child[] = [
    ...next.map((sentence): Child => `${sentence[0]?.toUpperCase() ?? ''}${sentence.slice(1)}`),
    ...(command === undefined ? [] : [html`Have it again and keep the cluster as the failure leaves it: <code>${command} --keep</code>`]),
    ...(nodes.length === 0 ? [] : [html`Look around there: <code>npx edgeproof status</code>, ${nodes.slice(0, 2).map((node, index) => html`${index > 0 && ', '}<code>npx edgeproof shell ${node}</code>`)}`]),
  ];
  return steps.length > 0 && html`<div><dt>What to do next</dt><dd><ul class="out">${steps.map((step) => html`<li>${step}</li>`)}</ul></dd></div>`;
}

/** What happened around it: all that went wrong and every fault, and of the rest what was closest to the end. */
function around(one: CaseReport, step: StepReport, endMs: number): Child {
  if (one.told.length === 0) return undefined;
  const firstMs = Math.min(step.startMs, ...one.faults.filter((fault) => fault.startMs <= endMs).map((fault) => fault.startMs)) - beforeMs;
  const near = momentsOf(one).filter(({ ms }) => ms >= firstMs && ms <= endMs + 500);
  const weight = ({ look }: Moment): number => (look === 'plain' ? 1 : 0);
  const kept = near.toSorted((a, b) => weight(a) - weight(b) || b.ms - a.ms).slice(0, mostMoments).sort((a, b) => a.ms - b.ms);
  return kept.length > 0 && html`<h5>What happened before it${kept.length < near.length && html` <small>the ${kept.length} most telling of ${near.length} lines</small>`}</h5><ol class="told">${kept.map(momentItem)}<li class="end"><i>${(endMs / 1000).toFixed(1)}</i><b>step</b><span>failed</span></li></ol>`;
}
