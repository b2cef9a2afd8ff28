import type { IdentitiesAttachment, Reading } from '../attachments.ts';
import { html, type Child, type Markup } from './markup.ts';
import { shownMs } from './words.ts';

type Who = IdentitiesAttachment['who'][number];
type Fact = Who['facts'][number];
type Moment = 'before' | 'after';

/** All nodes and Pods before the first fault and at the end, side by side: in full where something changed, was not read or is disputed, else a line each. */
export function identityPictures(pictures: readonly IdentitiesAttachment[]): Child {
  return pictures.map(({ before, after, who }) => {
    const [came, there] = [who.filter(isNew), who.filter((one) => !isNew(one))];
    const [odd, even] = [there.filter((one) => oddFacts(one).length > 0), there.filter((one) => oddFacts(one).length === 0)];
    return html`<h5>All nodes and Pods, before the first fault and at the end</h5>
<p class="note">Looked at ${clock(before.takenAt)} and at ${clock(after.takenAt)} UTC, which took ${shownMs(before.tookMs)} and ${shownMs(after.tookMs)}.</p>
${odd.length > 0 && oddTable(odd)}
${even.length > 0 && folded(`${odd.length > 0 ? 'The same' : 'All the same'} at both moments, by all who were asked`, even, 'after')}
${came.length > 0 && folded('Made in between', came, 'after')}`;
  });
}

const clock = (iso: string): string => iso.slice(11, 19);
const isUnread = (reading: Reading): reading is { unread: string } => typeof reading === 'object' && reading !== null;
const isSame = ({ before, after }: Fact): boolean => !isUnread(before) && before === after;
const mark = (fact: Fact): 'same' | 'changed' | 'not read' => (isSame(fact) ? 'same' : isUnread(fact.before) || isUnread(fact.after) ? 'not read' : 'changed');

/** Nobody knew of it before, and somebody does now. */
const isNew = ({ facts }: Who): boolean => facts.every(({ before }) => before === null) && !isGone({ facts });
/** Whoever was asked knows nothing of it any more. */
const isGone = ({ facts }: Pick<Who, 'facts'>): boolean => facts.every(({ after }) => after === null);

/** What those who can be asked say otherwise than one another at one moment: `address`. */
const disputed = ({ facts }: Who, moment: Moment): Set<string> => new Set([...Map.groupBy(facts.filter(({ of }) => of !== undefined), ({ of }) => of!)]
  .filter(([, said]) => new Set(said.map((fact) => fact[moment]).filter((reading) => !isUnread(reading))).size > 1).map(([of]) => of));

/** Facts that changed, that could not be read, or that somebody disputes. */
function oddFacts(who: Who): Fact[] {
  const of = new Set([...disputed(who, 'before'), ...disputed(who, 'after')]);
  return who.facts.filter((fact) => !isSame(fact) || (fact.of !== undefined && of.has(fact.of)));
}

function oddTable(odd: readonly Who[]): Markup {
  return html`<table class="facts pictures"><thead><tr><th scope="col">what was said</th><th scope="col">before</th><th scope="col">at the end</th><th scope="col"></th></tr></thead>${odd.map((who) => (isGone(who) ? goneRow(who) : whoRows(who)))}</table>`;
}

const goneRow = (who: Who): Markup => html`<tbody><tr class="who"><th scope="rowgroup" colspan="4">${nameOf(who)}</th></tr><tr class="changed"><td>all</td><td data-moment="before">${valuesOf(who.facts, 'before')}</td><td data-moment="at the end">${shown(null)}</td><td><em class="bad">gone</em></td></tr></tbody>`;

function whoRows(who: Who): Markup {
  const odd = oddFacts(who);
  const disputes = (['before', 'after'] as const).map((moment) => ({ moment, of: [...disputed(who, moment)] })).filter(({ of }) => of.length > 0);
  const even = who.facts.filter((fact) => !odd.includes(fact));
  return html`<tbody><tr class="who"><th scope="rowgroup" colspan="4">${nameOf(who)}${disputes.map(({ moment, of }) => html` <em>${moment === 'before' ? 'before' : 'at the end'}, not all say the same ${of.join(' and ')}</em>`)}</th></tr>
${odd.map(factRow)}
${even.length > 0 && html`<tr class="rest"><td colspan="4">${even.length} more as before: ${valuesOf(even, 'after')}</td></tr>`}</tbody>`;
}

function factRow(fact: Fact): Markup {
  const word = mark(fact);
  return html`<tr class="${word === 'changed' ? 'changed' : ''}"><td>${fact.what}</td><td data-moment="before">${shown(fact.before)}</td><td data-moment="at the end">${shown(fact.after)}</td><td>${word === 'same' ? 'same' : html`<em class="${word === 'changed' ? 'bad' : 'unsure'}">${word}</em>`}</td></tr>`;
}

const shown = (reading: Reading): Child => (isUnread(reading) ? html`<span class="unsure">not read: ${reading.unread}</span>` : reading === null ? html`<span class="none">none</span>` : html`<code>${reading}</code>`);

const nameOf = ({ kind, name, on }: Who): Child => html`${kind === 'node' ? 'node' : 'Pod'} <b>${name}</b>${on !== undefined && html` <small>on ${on}</small>`}`;
/** What these facts say, each thing once. */
const valuesOf = (facts: readonly Fact[], moment: Moment): Child => html`<code>${[...new Set(facts.map((fact) => fact[moment]).map((reading) => (reading === null ? 'none' : isUnread(reading) ? 'not read' : reading)))].join(' · ')}</code>`;

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

function folded(what: string, all: readonly Who[], moment: Moment): Markup {
  const kinds = ([['node', 'node'], ['pod', 'Pod']] as const).map(([kind, word]) => ({ word, count: all.filter((who) => who.kind === kind).length })).filter(({ count }) => count > 0).map(({ count, word }) => counted(count, word));
  return html`<details class="plain even"><summary>${what}: ${kinds.join(' and ')}</summary><ul>${all.map((who) => html`<li>${nameOf(who)}: ${valuesOf(who.facts, moment)}</li>`)}</ul></details>`;
}
