import { markOf } from '../marks.ts';
import type { CapabilityReport, Report } from '../model.ts';
import { html, type Markup } from './markup.ts';
import { aboutCapability, sign } from './words.ts';

/** The matrix: a row for each capability, with a box for each promise that leads to it. */
export function matrix(report: Report): Markup {
  const control = report.control !== undefined;
  return html`<table class="matrix">
<caption class="unseen">What became of the promises, by capability</caption>
<thead><tr><th scope="col">Capability</th><th scope="col">${control ? 'Control' : 'Verdict'}</th><th scope="col">Promises</th><th scope="col" class="n">${control ? 'as named' : 'passed'}</th><th scope="col" class="n">${control ? 'not as named' : 'failed'}</th><th scope="col" class="n">could not tell</th><th scope="col" class="n">not asked</th></tr></thead>
<tbody>${report.capabilities.map((one) => row(report, one))}</tbody>
</table>`;
}

const verdictKind = { pass: 'good', fail: 'bad', partial: 'bad', 'could not tell': 'unsure', 'not claimed': 'none', 'not selected': 'none' } as const;

function row(report: Report, one: CapabilityReport): Markup {
  const marks = one.promises.map((promise) => ({ promise, mark: markOf(report, promise) }));
  const count = (kind: string): number => marks.filter(({ mark }) => mark.kind === kind).length;
  const verdict = verdictWord(report, one, count);
  const boxes = marks.map(({ promise, mark }) => html`<li><a href="#${promise.promise}" title="${promise.promise}: ${mark.word}">${sign(mark.kind)}<span class="unseen">${promise.promise}: ${mark.word}</span></a></li>`);
  const cell = (kind: string): Markup => html`<td class="n ${count(kind) === 0 ? 'zero' : kind}">${count(kind)}</td>`;
  return html`<tr><th scope="row"><a href="#capability-${one.capability}">${one.capability}</a><small>${aboutCapability[one.capability]}</small></th>
<td class="word ${verdict.kind}">${verdict.word}</td><td>${boxes.length > 0 ? html`<ul class="boxes">${boxes}</ul>` : 'none yet'}</td>${cell('good')}${cell('bad')}${cell('unsure')}${cell('none')}</tr>`;
}

function verdictWord(report: Report, one: CapabilityReport, count: (kind: string) => number): { word: string; kind: string } {
  if (report.control === undefined) {
    // Partial without a failure: not everything was asked, and what was asked held.
    return { word: one.verdict, kind: one.verdict === 'partial' && one.counts.failed === 0 ? 'good' : verdictKind[one.verdict] };
  }
  if (count('bad') > 0) return { word: 'not as named', kind: 'bad' };
  if (count('unsure') > 0) return { word: 'could not tell', kind: 'unsure' };
  return count('good') > 0 ? { word: 'as named', kind: 'good' } : { word: 'not selected', kind: 'none' };
}
