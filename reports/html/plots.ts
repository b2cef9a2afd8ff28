import type { AlignedData } from 'uplot';
import type { SamplesAttachment } from '../attachments.ts';
import type { CaseReport } from '../cases.ts';
import { html, type Child } from './markup.ts';

/** What the script in the page draws: seconds since the start of the case, then the milliseconds of each line. */
export interface PlotData {
  readonly lines: readonly string[];
  readonly data: AlignedData;
  /** In seconds: from, to. */
  readonly faults: readonly (readonly [number, number])[];
}

/** Of fewer, the table tells all. */
const fewestSeconds = 4;
const gapSeconds = 3;
/** As many as can be told apart. */
const mostLines = 5;

const measured = ({ cells }: SamplesAttachment): number => cells.filter(([, , , ms]) => ms !== null).length;
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const shown = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

/** The lanes of a case that are worth a plot. */
export const plotted = (one: CaseReport): SamplesAttachment[] =>
  one.samples.filter((lane) => measured(lane) >= fewestSeconds).toSorted((a, b) => measured(b) - measured(a)).slice(0, mostLines);

/** How long answers took: the slowest of each second, drawn by uPlot; and in a table, for who cannot see it. */
export function latencyPlot(one: CaseReport): Child {
  const lanes = plotted(one);
  if (lanes.length === 0) return undefined;
  const start = Date.parse(one.startedAt ?? '') || 0;
  const times = lanes.map((lane) => new Map(lane.cells.flatMap(([second, , , ms]) => (ms === null ? [] : [[Math.round((lane.from - start) / 1000) + second, ms] as const]))));
  const asked = [...new Set(times.flatMap((line) => [...line.keys()]))].sort((a, b) => a - b);
  // A line goes on where somebody was asked again soon, and ends where nobody was, or nobody answered.
  const x = asked.flatMap((second, index) => ((asked[index + 1] ?? second) - second > gapSeconds ? [second, second + 1] : [second]));
  const plot: PlotData = {
    lines: lanes.map(({ what }) => what),
    data: [x, ...times.map((line) => x.map((second) => line.get(second) ?? null))],
    faults: one.faults.map((fault) => [fault.startMs / 1000, (fault.endMs ?? one.ms) / 1000]),
  };
  return html`<h5>How long answers took</h5><figure class="plot" data-plot="${JSON.stringify(plot)}"><table class="facts"><thead><tr><th scope="col">the slowest of each second</th><th scope="col">median</th><th scope="col">most</th></tr></thead>${times.map((line, index) => html`<tr><th scope="row"><svg class="key k${index}" viewBox="0 0 16 4" aria-hidden="true"><path d="M0 2h16"/></svg>${lanes[index]!.what}</th><td>${shown(median([...line.values()]))}</td><td>${shown(Math.max(...line.values()))}</td></tr>`)}</table></figure>`;
}
