import type { Cast, CastLine, Span } from './cast.ts';

/** In pixels. */
const cell = { width: 8.4, height: 19 };
const padding = 16;
const bar = 34;
/** Rows that are seen at once. */
const rows = 30;

/** In seconds, between one line and the next: no longer, as nothing happens; no shorter, or nobody could read. */
const pause = { most: 1.6, least: 0.13 };
/** For how long the end is shown before it begins again, in seconds. */
const endSeconds = 10;

const classes: Readonly<Record<number, string>> = { 1: 'b', 2: 'f', 31: 'r', 32: 'g', 33: 'y' };

const style = `svg{--bg:#fff;--fg:#1f2328;--f:#656d76;--g:#1a7f37;--r:#cf222e;--y:#8a5a00;--bar:#f6f8fa;--edge:#d0d7de}
@media(prefers-color-scheme:dark){svg{--bg:#0d1117;--fg:#e6edf3;--f:#8b949e;--g:#3fb950;--r:#ff7b72;--y:#e3b341;--bar:#161b22;--edge:#30363d}}
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:var(--fg)}
.b{font-weight:700}.f{fill:var(--f)}.g{fill:var(--g)}.r{fill:var(--r)}.y{fill:var(--y)}`;

const still = '@media(prefers-reduced-motion:reduce){*{animation:none!important}}';

/**
 * A recording as an SVG: it plays again and again by CSS alone, and who wants no motion sees its last screen. The times in its lines are as they
 * were; pauses are shortened, and lines that came at once come one after the other.
 *
 * @param at instead, a picture of the moment so many seconds after the recording's beginning
 */
export function svgOf(cast: Cast, at?: number): string {
  const width = Math.ceil(cast.columns * cell.width + 2 * padding);
  const height = bar + rows * cell.height + 2 * padding;
  const lines = at === undefined ? cast.lines : cast.lines.filter((line) => line.at <= at);
  const times = shownTimes(lines);
  const seconds = (times.at(-1) ?? 0) + endSeconds;
  const percent = (time: number): string => `${Number(((time / seconds) * 100).toFixed(2))}%`;
  const moves = lines.map((_, index) => index - rows + 1).map((up, index) => ({ up, index })).filter(({ up }) => up > 0);
  const animation = at !== undefined ? '' : [
    ...times.map((time, index) => `@keyframes l${index}{0%{opacity:0}${percent(time)}{opacity:1}}#l${index}{animation:l${index} ${seconds.toFixed(1)}s step-end infinite}`),
    `@keyframes up{0%{transform:none}${moves.map(({ up, index }) => `${percent(times[index]!)}{transform:translateY(-${up * cell.height}px)}`).join('')}}#up{animation:up ${seconds.toFixed(1)}s step-end infinite}`,
    still,
  ].join('\n');
  const end = moves.at(-1)?.up ?? 0;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escaped(cast.title)}</title>
<style>${style}
#up{transform:translateY(-${end * cell.height}px)}
${animation}</style>
<clipPath id="screen"><rect x="0" y="${bar + padding - 2}" width="${width}" height="${rows * cell.height + 4}"/></clipPath>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8" fill="var(--bg)" stroke="var(--edge)"/>
<path d="M.5 ${bar}V8.5a8 8 0 0 1 8-8H${width - 8.5}a8 8 0 0 1 8 8V${bar}Z" fill="var(--bar)" stroke="var(--edge)"/>
<text x="${padding}" y="22" class="f">$ ${escaped(cast.title)}</text>
<g clip-path="url(#screen)"><g id="up">
${lines.map((line, index) => drawn(line, index)).filter((text) => text !== '').join('\n')}
</g></g>
</svg>
`;
}

/** When each line is shown, in seconds since the beginning. */
export function shownTimes(lines: readonly Pick<CastLine, 'at'>[]): number[] {
  let shown = 0;
  return lines.map(({ at }, index) => {
    if (index > 0) shown += Math.min(pause.most, Math.max(pause.least, at - lines[index - 1]!.at));
    return shown;
  });
}

function drawn({ spans }: CastLine, index: number): string {
  const text = spans.map((span) => span.text).join('');
  const columns = [...text.trim()].length;
  if (columns === 0) return '';
  const before = text.length - text.trimStart().length;
  const y = bar + padding + index * cell.height + 14;
  // Whatever font there is: a line is as wide as its columns.
  return `<text id="l${index}" x="${round(padding + before * cell.width)}" y="${y}" textLength="${round(columns * cell.width)}" lengthAdjust="spacingAndGlyphs" xml:space="preserve">${trimmed(spans).map(spanOf).join('')}</text>`;
}

/** Without the blanks around a line: where it begins says its x. */
function trimmed(spans: readonly Span[]): Span[] {
  const first = spans.findIndex(({ text }) => text.trim() !== '');
  const last = spans.findLastIndex(({ text }) => text.trim() !== '');
  return spans.slice(first, last + 1).map((span, index, all) => ({ ...span, text: index === 0 ? (all.length === 1 ? span.text.trim() : span.text.trimStart()) : index === all.length - 1 ? span.text.trimEnd() : span.text }));
}

function spanOf({ text, codes }: Span): string {
  const names = [...new Set(codes.flatMap((code) => classes[code] ?? []))];
  return names.length === 0 ? escaped(text) : `<tspan class="${names.join(' ')}">${escaped(text)}</tspan>`;
}

const round = (value: number): number => Number(value.toFixed(1));
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
