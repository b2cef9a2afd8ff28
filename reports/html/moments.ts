import type { ToldAttachment } from '../attachments.ts';
import type { CaseReport } from '../cases.ts';
import { lane } from './lanes.ts';
import { html, type Child, type Markup } from './markup.ts';
import { shownMs } from './words.ts';

type Told = ToldAttachment[number];

/** A moment of a case, told by somebody: for the list in time order and for whoever explains a failure. */
export interface Moment {
  /** Since the start of the case. */
  readonly ms: number;
  /** A node, `API`, `step`, `fault`. */
  readonly who: string;
  readonly what: string;
  readonly look: 'step' | 'fault' | 'bad' | 'plain';
  /** `×12 until 31 s`. */
  readonly often?: string;
}

const sourceOf = ({ who, by }: Told): string => (by === 'node' ? who : `API, ${who}`);
const startOf = (one: CaseReport): number => Date.parse(one.startedAt ?? '') || 0;
const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** A line of each of those who told something: a mark for each moment. */
export function toldRows(one: CaseReport, totalMs: number, gridId: string): Child {
  if (one.told.length === 0) return undefined;
  const start = startOf(one);
  return [
    html`<div class="row head" role="row"><span role="columnheader">Events</span><span role="columnheader" class="ms">told</span><span class="scale" role="columnheader" aria-label="when"></span></div>`,
    ...one.told.map((told) => {
      const bad = told.happenings.filter((happening) => happening.bad === true).length;
      return html`<div class="row" role="row"><span role="cell" class="what"><span><b>${told.by === 'node' ? told.who : `API: ${told.who}`}</b>${told.by === 'node' && ' its own journal'}${told.gaps.map((gap) => html`<small class="unsure">${gap}</small>`)}${told.left !== undefined && html`<small>and ${told.left} more, which tell less</small>`}</span></span>
<span role="cell" class="ms">${counted(told.happenings.length + (told.left ?? 0), 'time')}${bad > 0 && html`<small class="bad">${bad} bad</small>`}</span><span role="cell" class="scale">${lane([], totalMs, gridId, marks(told, start, totalMs))}</span></div>`;
    }),
  ];
}

/** In thousandths of the scale: as wide as a moment must be to be seen. */
const markWidth = 5;

/** All marks of a kind are one path: there are a thousand of them in a full run. The height is one, and stretched. */
function marks({ happenings }: Told, start: number, totalMs: number): Markup {
  const place = (at: number): number => Math.round(((at - start) / totalMs) * 1000);
  const paths = ([false, true] as const).map((bad) => {
    const own = happenings.filter((happening) => (happening.bad === true) === bad && place(happening.at) <= 1000);
    const shapes = own.map(({ at, until }) => `M${place(at)} 0h${markWidth}v1h-${markWidth}z${until === undefined ? '' : `M${place(at)} .46H${Math.min(1000, place(until))}v.1H${place(at)}z`}`);
    return own.length > 0 && html`<path class="mark${bad ? ' bad' : ''}" d="${[...new Set(shapes)].join('')}"/>`;
  });
  return html`<svg class="cells" viewBox="0 0 1000 1" preserveAspectRatio="none">${paths}</svg>`;
}

/** Everything that happened, whoever told of it, in time order. */
export function momentsOf(one: CaseReport): Moment[] {
  const start = startOf(one);
  return [
    ...one.steps.filter(({ kind, status }) => kind === 'step' && status !== 'skipped').map((step): Moment => ({ ms: step.startMs, who: 'step', what: `${step.keyword} ${step.text}`, look: 'step' })),
    ...one.faults.flatMap((fault): Moment[] => [
      { ms: fault.startMs, who: 'fault', what: `${fault.kind} on ${fault.target} injected`, look: 'fault' },
      ...(fault.verifiedMs === undefined ? [] : [{ ms: fault.verifiedMs, who: 'fault', what: `${fault.kind} on ${fault.target} was seen by its victim`, look: 'fault' as const }]),
      ...(fault.endMs === undefined ? [] : [{ ms: fault.endMs, who: 'fault', what: `${fault.kind} on ${fault.target} healed`, look: 'fault' as const }]),
    ]),
    ...one.told.flatMap((told) => told.happenings.map((happening): Moment => ({
      ms: happening.at - start, who: sourceOf(told), what: happening.what, look: happening.bad === true ? 'bad' : 'plain',
      ...(happening.count !== undefined && { often: `×${happening.count}${happening.until === undefined ? '' : ` until ${seconds(happening.until - start)}`}` }),
    }))),
  ].sort((a, b) => a.ms - b.ms);
}

/** `12.3 s`, to be compared with the scale. */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export const momentItem = ({ ms, who, what, look, often }: Moment): Markup =>
  html`<li${look === 'plain' ? '' : html` class="${look}"`}><i>${(ms / 1000).toFixed(1)}</i><b>${who}</b><span>${what}${often !== undefined && html` <small>${often}</small>`}</span></li>`;

/** To be unfolded. The numbers are what the pointer over the time line reads. */
export function momentList(one: CaseReport): Child {
  if (one.told.length === 0) return undefined;
  const moments = momentsOf(one);
  return html`<details class="plain moments"><summary>All that happened in these ${shownMs(one.ms)}, in time order: ${counted(moments.length, 'line')}</summary><ol class="told">${moments.map(momentItem)}</ol></details>`;
}
