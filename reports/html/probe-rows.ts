import type { SamplesAttachment } from '../attachments.ts';
import type { CaseReport } from '../cases.ts';
import { html, type Child, type Markup } from './markup.ts';
import { grid } from './lanes.ts';

type Look = 'ok' | 'bad' | 'mixed' | 'yet';
const words = { ok: 'as it should be', bad: 'not', mixed: 'now and then', yet: 'not yet' } as const;

/** What was waited for and came in the end was not missed before. */
function looksOf({ cells, waits }: SamplesAttachment): (cell: SamplesAttachment['cells'][number]) => Look {
  const came = waits === true && (cells.at(-1)?.[1] ?? 0) > 0;
  return ([, ok, bad]) => (bad === 0 || (came && ok > 0) ? 'ok' : came ? 'yet' : ok === 0 ? 'bad' : 'mixed');
}

/** A line of each probe, with a cell for each second in which it looked. */
export function probeRows(one: CaseReport, totalMs: number, gridId: string): Child {
  if (one.samples.length === 0) return undefined;
  const start = Date.parse(one.startedAt ?? '') || 0;
  return [
    html`<div class="row head" role="row"><span role="columnheader">What was seen, second by second</span><span role="columnheader" class="ms">looks</span><span class="scale" role="columnheader" aria-label="when"></span></div>`,
    ...one.samples.map((lane) => {
      const looks = lane.cells.reduce((sum, [, ok, bad]) => sum + ok + bad, 0);
      const lookOf = looksOf(lane);
      const bad = lane.cells.filter((cell) => lookOf(cell) === 'bad' || lookOf(cell) === 'mixed').reduce((sum, [, , not]) => sum + not, 0);
      return html`<div class="row" role="row"><span role="cell" class="what"><span><span class="text">${lane.what}</span>${runs(lane, start)}</span></span>
<span role="cell" class="ms">${looks}${bad > 0 && html`<small class="bad">${bad} not</small>`}</span><span role="cell" class="scale">${cells(lane, start, totalMs, gridId)}</span></div>`;
    }),
  ];
}

/** Seconds are those of the clock, so cells of all lanes are below each other. */
function cells(lane: SamplesAttachment, start: number, totalMs: number, gridId: string): Markup {
  const { from, cells: all } = lane;
  const lookOf = looksOf(lane);
  const paths = (['ok', 'yet', 'mixed', 'bad'] as const).map((look) => {
    const own = all.filter((cell) => lookOf(cell) === look);
    return own.length > 0 && html`<path class="cell ${look}" d="${own.map(([second]) => `M${((from - start) / 1000 + second + 0.06).toFixed(2)} 0h.88v1h-.88z`).join('')}"/>`;
  });
  // In seconds; the height is one, and stretched.
  return html`<svg class="lane" aria-hidden="true">${grid(gridId)}<svg class="cells" viewBox="0 0 ${(totalMs / 1000).toFixed(3)} 1" preserveAspectRatio="none">${paths}</svg></svg>`;
}

/** Neighbouring seconds that say the same are one: for whoever reads or listens, and for the pointer over the time line. */
function runs(lane: SamplesAttachment, start: number): Markup {
  const { from, cells: all, whys } = lane;
  const lookOf = looksOf(lane);
  const joined: { first: number; last: number; look: Look; ok: number; bad: number; ms: number | null; why: number | null }[] = [];
  for (const cell of all) {
    const [second, ok, bad, ms, why] = cell;
    const [look, last] = [lookOf(cell), joined.at(-1)];
    if (last?.look === look && last.why === why && second - last.last <= 1) Object.assign(last, { last: second, ok: last.ok + ok, bad: last.bad + bad, ms: ms === null ? last.ms : Math.max(last.ms ?? 0, ms) });
    else joined.push({ first: second, last: second, look, ok, bad, ms, why });
  }
  const offset = (from - start) / 1000;
  const list = html`<ol class="runs">${joined.map(({ first, last, look, ok, bad, ms, why }) =>
    html`<li data-s="${(offset + first).toFixed(1)} ${(offset + last + 1).toFixed(1)}"><i>${(offset + first).toFixed(0)}–${(offset + last + 1).toFixed(0)} s</i> <em class="${look}">${words[look]}</em>${look === 'mixed' ? `, ${bad} of ${ok + bad} not` : `, ${ok + bad} look${ok + bad === 1 ? '' : 's'}`}${ms !== null && `, slowest ${ms} ms`}${why !== null && `: ${whys[why] ?? ''}`}</li>`)}</ol>`;
  // One line needs no unfolding.
  return joined.length === 1 ? list : html`<details class="plain"><summary>in words</summary>${list}</details>`;
}
