import { html, type Markup } from './markup.ts';
import { shownMs } from './words.ts';

/** A stretch of time in a lane, in ms since the start of the scale. */
export interface Span {
  readonly from: number;
  readonly to: number;
  /** Class of its rectangle in report.css. */
  readonly look: string;
}

const percent = (ms: number, totalMs: number): string => `${(Math.min(1, Math.max(0, ms / totalMs)) * 100).toFixed(2)}%`;

/** Draws the ground of `axis` of that id into a lane: it is there once for all lanes of a scale, as it is most of what a lane is. */
export const grid = (id: string): Markup => html`<use href="#${id}"/>`;

/** One line of a time line: percentages, so that all lanes of one scale align at any width. @param gridId of the scale's axis; without it there are no lines @param more drawn above all */
export function lane(spans: readonly Span[], totalMs: number, gridId?: string, more?: Markup): Markup {
  return html`<svg class="lane" aria-hidden="true">${gridId !== undefined && grid(gridId)}${rects(spans, totalMs)}${more}</svg>`;
}

const rects = (spans: readonly Span[], totalMs: number): Markup[] => spans.map(({ from, to, look }) => {
  const start = Math.max(0, from);
  return html`<rect class="${look}" x="${percent(start, totalMs)}" width="${percent(Math.max(0, Math.min(to, totalMs) - start), totalMs)}" height="100%"/>`;
});

/** The scale below the lanes, and the ground of each lane: its lines, and what is shaded. */
export function axis(totalMs: number, gridId: string, shade: readonly Span[] = []): Markup {
  const ticks = ticksOf(totalMs);
  const labels = ticks.map((tick, index) => {
    const anchor = index === 0 ? 'start' : tick > totalMs * 0.94 ? 'end' : 'middle';
    return html`<text x="${percent(tick, totalMs)}" y="11" text-anchor="${anchor}">${tickLabel(tick, ticks[1] ?? totalMs)}</text>`;
  });
  const lines = ticks.map((tick) => html`<line class="tick" x1="${percent(tick, totalMs)}" x2="${percent(tick, totalMs)}" y2="100%"/>`);
  return html`<svg class="axis" aria-hidden="true"><defs><g id="${gridId}">${lines}${rects(shade, totalMs)}</g></defs>${labels}</svg>`;
}

/** Round times, about five of them, from 0 on. */
export function ticksOf(totalMs: number): number[] {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000];
  const step = steps.find((one) => totalMs / one <= 5) ?? 7_200_000;
  return Array.from({ length: Math.floor(totalMs / step) + 1 }, (_, index) => index * step);
}

function tickLabel(ms: number, stepMs: number): string {
  if (ms === 0) return '0';
  if (stepMs < 1000) return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
  return ms < 60_000 || ms % 60_000 !== 0 ? (ms < 60_000 ? `${ms / 1000} s` : shownMs(ms).replace(/ (\d\d) s$/, ':$1')) : `${ms / 60_000} min`;
}
