import { linkBugs } from '../../features/bug-links.ts';
import type { CaseReport } from '../cases.ts';
import { caseMark, markOf } from '../marks.ts';
import type { PromiseReport, Report } from '../model.ts';
import { logsFolder } from '../run.ts';
import { explanation } from './explain.ts';
import { budgetTable, errorBlock, identityTables, logLinks, textBlocks } from './findings.ts';
import { identityPictures } from './identities.ts';
import { html, type Child, type Markup } from './markup.ts';
import { latencyPlot } from './plots.ts';
import { timeline } from './timeline.ts';
import { shownMs, sign } from './words.ts';

/** A promise as something to unfold; open when it did not do what it should. */
export function promiseDetails(report: Report, promise: PromiseReport): Markup {
  const mark = markOf(report, promise);
  const ms = promise.cases.reduce((sum, one) => sum + one.ms, 0);
  const open = (mark.kind === 'bad' || mark.kind === 'unsure') && promise.cases.some(({ steps }) => steps.length > 0) ? 'open' : 'data-calm';
  // Unfolded, the case itself tells the reason.
  const told = report.control === undefined && promise.cases.length > 0 ? 'told' : '';
  return html`<details class="promise" id="${promise.promise}" data-kind="${mark.kind}" ${open}>
<summary>${sign(mark.kind)}<span class="says"><h3>${promise.name}</h3><span class="id">${promise.promise}</span>${mark.sentence !== undefined && html`<span class="reason ${mark.kind} ${told}">${mark.sentence}</span>`}</span><span class="word ${mark.kind}">${mark.word}</span><span class="ms">${ms > 0 && shownMs(ms)}</span></summary>
<div class="body">
<p class="why"><b>Why</b>${promise.why}</p>
${promise.cases.map((one) => caseBlock(report, one, promise.cases.length > 1, report.control === undefined ? commandOf(report, promise) : undefined))}
${promise.cases.length > 1 && logsOf(report, promise.promise)}
<dl class="about">
${promise.origin !== '' && html`<div><dt>Comes from</dt><dd>${linked(promise.origin)}</dd></div>`}
<div><dt>Plain Kubernetes</dt><dd>${promise.baseline ? 'keeps it too' : html`breaks it: <code>${promise.stockCode}</code>`}</dd></div>
<div><dt>Said in</dt><dd><code>${promise.uri}:${promise.line}</code> ${promise.tags.map((tag) => html`<span class="tag">${tag}</span>`)}</dd></div>
${report.control === undefined && promise.outcome !== 'notClaimed' && html`<div><dt>This one again</dt><dd><code>${commandOf(report, promise)}</code></dd></div>`}
</dl>
</div>
</details>`;
}

/** The run's own command, of which the topology may be a file, for this promise alone: `--tags` is its last flag. */
function commandOf({ run }: Report, promise: PromiseReport): string {
  const whole = run.reproduce.replace(/ --tags .*$/, '');
  return `${whole}${/ --( |$)/.test(whole) ? '' : ' --'} --tags @${promise.promise}`;
}

function caseBlock(report: Report, one: CaseReport, several: boolean, command: string | undefined): Markup {
  const mark = caseMark(one);
  const texts = one.steps.flatMap((step) => step.texts);
  // The first error is the reason; one more may come from a hook that cleans up.
  const errors = one.steps.map((step) => step.error).filter((error) => error !== undefined);
  const explained = explanation(one, command);
  return html`<section class="case">
${several && html`<h4>${sign(mark.kind)}${one.name}<span class="word ${mark.kind}">${mark.word}</span></h4>`}
${one.attempts > 1 && html`<p class="note">Attempt ${one.attempts} of ${one.attempts}: it did not pass at first.</p>`}
${explained ?? (errors.length > 0 ? errors.map(errorBlock) : one.reason !== undefined && html`<p class="note">${one.reason}</p>`)}
${timeline(one, one.slug)}
${latencyPlot(one)}
${budgetTable(one.budgets)}
${identityTables(one.identities)}
${identityPictures(one.pictures)}
${texts.length > 0 && html`<h5>Attached</h5>${textBlocks(texts)}`}
${logsOf(report, one.slug)}
</section>`;
}

function logsOf(report: Report, name: string): Child {
  const folder = `${logsFolder}/${name}/`;
  return logLinks(report.logs.filter((path) => path.startsWith(folder)), folder);
}

/** The links are only followed when someone clicks. */
const linked = (sentence: string): Child => linkBugs(sentence).map(({ text, href }) => (href === undefined ? text : html`<a href="${href}" rel="noreferrer">${text}</a>`));
