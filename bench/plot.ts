import { bulkMedian, conditions, contenders, directions, doors, latencyMedian, streamCounts, type BenchResult, type Contender } from './result.ts';

const colours: Readonly<Record<Contender, string>> = { direct: '#9aa5b1', 'tls-pipe': '#5b8def', ours: '#1a9c6b', konnectivity: '#d9822b' };
const chart = { width: 860, height: 240, left: 60, bottom: 40, top: 30 } as const;

interface Group {
  readonly name: string;
  readonly values: readonly (readonly [Contender, number])[];
}

/** Bar charts, of bulk and of latency at each door, as one SVG that needs nothing else. */
export function plotOf({ samples }: BenchResult): string {
  const bulk = directions.flatMap((direction) => streamCounts.map((streams): Group => ({ name: `${direction} ×${streams}`, values: contenders.map((one) => [one, bulkMedian(samples, one, direction, streams)]) })));
  const latency = doors.map((door) => conditions.filter((condition) => door === 'tcp' || condition !== 'stalled').flatMap((condition) => (['p50', 'p99'] as const).map((figure): Group => ({ name: `${condition} ${figure}`, values: contenders.map((one) => [one, latencyMedian(samples, one, door, condition, figure)]) }))));
  const legend = contenders.map((one, index) => `<rect x="${chart.left + index * 130}" y="8" width="12" height="12" fill="${colours[one]}"/><text x="${chart.left + 18 + index * 130}" y="18">${one}</text>`).join('');
  const height = 3 * chart.height + 50;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${chart.width} ${height}" font-family="sans-serif" font-size="12" fill="#333"><rect width="100%" height="100%" fill="#fff"/>${legend}${bars(bulk, 30, 'bulk, MB/s: more is better')}${latency.map((groups, index) => bars(groups, (index + 1) * (chart.height + 10) + 30, `connect + 1 KB, ${doors[index]}, ms: less is better`)).join('')}</svg>\n`;
}

function bars(groups: readonly Group[], y: number, title: string): string {
  const most = Math.max(...groups.flatMap(({ values }) => values.map(([, value]) => value)).filter(Number.isFinite), 1e-9);
  const plotHeight = chart.height - chart.top - chart.bottom;
  const groupWidth = (chart.width - chart.left - 10) / groups.length;
  const barWidth = (groupWidth * 0.8) / contenders.length;
  const base = y + chart.top + plotHeight;
  const drawn = groups.map(({ name, values }, group) => {
    const x = chart.left + group * groupWidth;
    const each = values.map(([contender, value], index) => {
      const height = Number.isFinite(value) ? (value / most) * plotHeight : 0;
      const left = x + index * barWidth;
      return `<rect x="${left.toFixed(1)}" y="${(base - height).toFixed(1)}" width="${(barWidth - 1).toFixed(1)}" height="${height.toFixed(1)}" fill="${colours[contender]}"/><text x="${(left + barWidth / 2).toFixed(1)}" y="${(base - height - 3).toFixed(1)}" text-anchor="middle" font-size="9">${Number.isFinite(value) ? value.toFixed(value >= 100 ? 0 : 1) : '–'}</text>`;
    });
    return `${each.join('')}<text x="${(x + groupWidth * 0.4).toFixed(1)}" y="${base + 16}" text-anchor="middle">${name}</text>`;
  });
  return `<text x="${chart.left}" y="${y + 16}" font-weight="bold">${title}</text><line x1="${chart.left - 4}" x2="${chart.width - 6}" y1="${base}" y2="${base}" stroke="#999"/>${drawn.join('')}`;
}
