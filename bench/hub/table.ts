import { hubGoals, loadMedian, memoryMedian, reached, readMedian, restartMedian, watchMedian, type HubRatios, type HubResult } from './result.ts';
import { readWays, type ReadWay } from './latency.ts';
import type { Counters } from './traffic.ts';

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
/** JSON has no NaN. */
const number = (value: number | null, digits = 0): string => (value !== null && Number.isFinite(value) ? value.toFixed(digits) : '–');
const table = (header: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [row(header), row(header.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(row), ''];

const megabytes = (bytes: number): string => number(bytes / 1e6, 1);

const readNames: Readonly<Record<ReadWay, string>> = { straight: 'straight to the API server', hub: 'through the hub', cache: "cut off, from the hub's cache" };

/** How the ratios are called and written for people. */
const ratioNames: Readonly<Record<keyof HubRatios, { readonly name: string; readonly unit?: string; readonly of?: number; readonly digits: number }>> = {
  memory_above_empty: { name: 'memory above an empty Node', unit: 'MB', of: 1e6, digits: 1 },
  pss_above_empty: { name: 'the same by PSS', unit: 'MB', of: 1e6, digits: 1 },
  cpu_share: { name: 'CPU at rest', unit: '% of a core', of: 0.01, digits: 2 },
  bytes_vs_plain: { name: "traffic at rest, beside a plain node's", digits: 2 },
  connections_vs_plain: { name: 'open connections, beside a plain node\'s', digits: 2 },
  restart_vs_plain: { name: 'restart cut off, beside plain and connected', digits: 2 },
  cached_get_p99_ms: { name: 'GET from the cache, p99', unit: 'ms', digits: 2 },
  watch_added_p50_ms: { name: 'added to an event, p50', unit: 'ms', digits: 2 },
  load_ms: { name: 'loading a large cache from the disk', unit: 'ms', digits: 0 },
};

function ratioRows(ratios: HubRatios): string[][] {
  return (Object.keys(ratioNames) as (keyof HubRatios)[]).map((key) => {
    const { name, unit, of = 1, digits } = ratioNames[key];
    const [goal, value] = [hubGoals[key], ratios[key]];
    const written = (figure: number, places: number): string => `${number(figure / of, places)}${unit === undefined ? '' : ` ${unit}`}`;
    const yes = reached(key, value);
    const wanted = goal === undefined ? 'none' : `${goal.below === true ? '<' : '≤'} ${goal.value / of}${unit === undefined ? '' : ` ${unit}`}`;
    return [name, value === null ? '–' : written(value, digits), wanted, yes === undefined ? '' : yes ? 'yes' : 'no'];
  });
}

function restRows({ rest, pods, services }: HubResult): string[] {
  if (rest === undefined) return [];
  const { memory, cpuSeconds, seconds, traffic } = rest;
  const perSecond = (counted: Counters, figure: 'bytesIn' | 'bytesOut' | 'packets'): string => number(counted[figure] / seconds, figure === 'packets' ? 2 : 0);
  const nodes = [traffic.hub, traffic.plain] as const;
  return [
    ...table([`at rest, ${pods} Pods on the node, ${services} Services`, 'hub', 'empty Node'], [
      ...(['rss', 'pss', 'anonymous'] as const).map((figure) => [{ rss: 'resident memory, MB', pss: 'proportional (PSS), MB', anonymous: 'of its own (anonymous), MB' }[figure], megabytes(memoryMedian(memory.hub, figure)), megabytes(memoryMedian(memory.empty, figure))]),
      ['CPU, % of a core', number((100 * cpuSeconds.hub) / seconds, 2), number((100 * cpuSeconds.empty) / seconds, 2)],
    ]),
    ...table([`to the API server, ${number(seconds)} s at rest`, 'node with a hub', 'plain node'], [
      ['bytes from the node, per second', ...nodes.map((one) => perSecond(one, 'bytesOut'))],
      ['bytes to the node, per second', ...nodes.map((one) => perSecond(one, 'bytesIn'))],
      ['packets, per second', ...nodes.map((one) => perSecond(one, 'packets'))],
      ['connections open', ...nodes.map(({ open }) => number(open))],
      ['connections opened', ...nodes.map(({ opened }) => number(opened))],
    ]),
    `Cached: ${number(rest.cacheObjects)} objects, ${megabytes(rest.cacheBytes)} MB on disk.`, '',
  ];
}

function latencyRows(result: HubResult): string[] {
  if (result.latency === undefined) return [];
  const ms = (value: number): string => number(value, 2);
  return [
    ...table([`GET of ${number(result.latency.objectBytes)} bytes, TLS, token, kept connection`, 'p50, ms', 'p99, ms'], readWays.map((way) => [readNames[way], ms(readMedian(result, way, 'p50')), ms(readMedian(result, way, 'p99'))])),
    ...table(['an event, from the request of its change', 'p50, ms', 'p99, ms'], [
      ['straight from the API server', ms(watchMedian(result, 'straightP50')), ''],
      ['through the hub', ms(watchMedian(result, 'hubP50')), ''],
      ['added by the hub, the same event', ms(watchMedian(result, 'addedP50')), ms(watchMedian(result, 'addedP99'))],
    ]),
  ];
}

function restartRows(result: HubResult): string[] {
  if (result.restarts.length === 0) return [];
  const seconds = (ms: number): string => number(ms / 1000, 1);
  const line = (who: 'hub' | 'plain', name: string): string[] => [name, seconds(restartMedian(result, who, 'firstMs')), seconds(restartMedian(result, who, 'readyMs')), result.restarts.filter((one) => one.who === who).map(({ readyMs }) => seconds(readyMs)).join(', ')];
  return table([`restart of a node with ${result.restartPods} Pods`, 'first Ready, s', 'last Ready, s', 'each round, s'], [line('plain', 'plain, connected'), line('hub', 'with a hub, cut off')]);
}

function loadRows(result: HubResult): string[] {
  const [one] = result.loads;
  if (one === undefined) return [];
  return table([`loading a cache of ${one.objects} objects, ${megabytes(one.bytes)} MB`, 'it alone, ms', 'whole process, ms'], (['on disk', 'in memory'] as const).map((files) => [`files ${files}`, number(loadMedian(result, files, 'ms')), number(loadMedian(result, files, 'processMs'))]));
}

/** The result as Markdown: medians of all rounds. */
export function hubTable(result: HubResult): string {
  const busy = result.busy.map(({ before, used, stolen }) => `${before} ${number(100 * used)} % (and ${number(100 * stolen)} % stolen)`);
  return [
    ...table(['figure', 'value', 'goal', 'reached'], ratioRows(result.ratios)),
    ...restRows(result), ...latencyRows(result), ...restartRows(result), ...loadRows(result),
    ...(busy.length === 0 ? [] : [`In the 2 s before each part the machine, with the cluster itself, was busy: ${busy.join(', ')}.`, '']),
  ].join('\n');
}
