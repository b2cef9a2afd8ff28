import { bulkMedian, conditions, contenders, cpuMedian, directions, doors, latencyMedian, streamCounts, type BenchResult, type CpuShare, type Door } from './result.ts';

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const number = (value: number, digits = 0): string => (Number.isFinite(value) ? value.toFixed(digits) : '–');

const percent = (share: number): string => `${number(100 * share)} %`;

const cpuShares: readonly (readonly [CpuShare, string])[] = [['tunnel', 'the tunnel'], ['server', 'its server'], ['agent', 'its agent'], ['client', 'the load client'], ['origin', 'the origin']];

const doorNames: Readonly<Record<Door, string>> = { unix: 'Unix socket', tcp: 'TCP' };

/** The result as Markdown: medians of all rounds. */
export function tableOf({ samples, ratios, idle, rounds, hangs, busy }: BenchResult): string {
  const header = ['', ...contenders];
  const bulk = directions.flatMap((direction) => streamCounts.map((streams) => row([`bulk ${direction}, ${streams} stream${streams === 1 ? '' : 's'}, MB/s`, ...contenders.map((one) => number(bulkMedian(samples, one, direction, streams)))])));
  const latency = doors.flatMap((door) => conditions.filter((condition) => door === 'tcp' || condition !== 'stalled').flatMap((condition) => {
    const line = (name: string, figure: 'p50' | 'p99' | 'tunnelP50' | 'tunnelP99'): string => row([name, ...contenders.map((one) => number(latencyMedian(samples, one, door, condition, figure), 2))]);
    return [
      ...(['p50', 'p99'] as const).map((figure) => line(`connect + 1 KB, ${doorNames[door]}, ${condition}, ${figure}, ms`, figure)),
      ...(door === 'tcp' ? [line('of it after the handshake, p50, ms', 'tunnelP50'), line('of it after the handshake, p99, ms', 'tunnelP99')] : []),
    ];
  }));
  const hung = hangs.map(({ contender, condition, afterMs }) => `${contender}, ${condition}: no answer within ${afterMs / 1000} s.`);
  return [
    row(header), row(header.map((_, index) => (index === 0 ? '---' : '---:'))),
    ...bulk, ...latency,
    ...cpuShares.map(([share, name]) => row([`CPU of ${name}, s/GB`, ...contenders.map((one) => number(cpuMedian(samples, one, share), 2))])),
    '',
    `Medians of ${rounds} round${rounds === 1 ? '' : 's'}. Before each, others used ${busy.map(({ used, stolen }) => `${percent(used)} (and ${percent(stolen)} stolen)`).join(', ')} of the processors.`,
    ...(idle === undefined ? [] : [`${idle.agents} idle agents: ${number(idle.residentBytesPerAgent / 1000)} KB of server memory each (${number(idle.heapBytesPerAgent / 1000)} KB of heap); all back ${number(idle.allBackMs / 1000, 1)} s after the start of a new server.`]),
    ...hung,
    '',
    row(['ratio', 'value']), row(['---', '---:']),
    ...Object.entries(ratios).map(([name, value]) => row([name, number(value as number, name.startsWith('bytes') ? 0 : 2)])),
    '',
  ].join('\n');
}
