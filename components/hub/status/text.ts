import { printable } from '../../../core/printable.ts';
import type { Cached, StatusReport } from './report.ts';

const units = [['d', 86_400], ['h', 3600], ['m', 60], ['s', 1]] as const;

/** `3h12m`: the two largest units of it. @param seconds not negative */
export function duration(seconds: number): string {
  const whole = Math.floor(Math.max(0, seconds));
  const at = units.findIndex(([, size]) => whole >= size);
  if (at < 0) return '0s';
  const [[name, size], next] = [units[at]!, units[at + 1]];
  const rest = next === undefined ? 0 : Math.floor((whole % size) / next[1]);
  return `${Math.floor(whole / size)}${name}${rest === 0 ? '' : `${rest}${next![0]}`}`;
}

export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** What `edge-hub status` prints. */
export function textOf({ node, now, link, cache, clients, deferred, openWatches }: StatusReport): string {
  const ago = (at: string): string => duration((Date.parse(now) - Date.parse(at)) / 1000);
  const states = { connected: 'connected', cutOff: 'cut off', unknown: 'whether it is connected is not known yet' };
  const notTold = [...deferred.writes, ...(deferred.events > 0 ? [`${deferred.events} events (${size(deferred.eventBytes)})`] : [])];
  const lines = [
    `${node}: ${states[link.state]} since ${link.since} (${ago(link.since)})${link.reason === undefined ? '' : `: ${link.reason}`}`,
    `API server last heard: ${link.lastContactAt === undefined ? 'never' : `${ago(link.lastContactAt)} ago`}`,
    `not told to the cloud yet: ${notTold.length === 0 ? 'nothing' : notTold.join(', ')}${deferred.eventsDropped === 0 ? '' : `; ${deferred.eventsDropped} events dropped for want of room`}`,
    `watches kept open: ${openWatches}`,
    `cache: ${size(cache.bytes)} of ${size(cache.maxBytes)}; ${cache.tokens} tokens for Pods, ${cache.acceptedTokens} bearers known`,
  ];
  for (const { identity, cached } of clients) lines.push('', identity, ...tableOf(cached, ago));
  return `${lines.map(printable).join('\n')}\n`;
}

function tableOf(cached: readonly Cached[], ago: (at: string) => string): string[] {
  const rows = cached.map((one) => [one.resource, whatOf(one), String(one.objects), size(one.bytes), agesOf(one, ago), one.stored ? '' : 'in memory only'].map(printable));
  const all = [['RESOURCE', 'WHICH', 'OBJECTS', 'SIZE', 'HEARD AGO', ''], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd());
}

function whatOf({ as, namespace, fieldSelector, labelSelector, mediaType }: Cached): string {
  const where = [namespace === '' ? '' : `in ${namespace}`, fieldSelector, labelSelector, mediaType.includes('as=PartialObjectMetadata') ? 'metadata only' : ''].filter((part) => part !== '').join(' ');
  return `${as === 'whole' ? 'all' : 'some'}${where === '' ? '' : ` ${where}`}`;
}

function agesOf({ oldestAt, newestAt, watched }: Cached, ago: (at: string) => string): string {
  const [oldest, newest] = [ago(oldestAt), ago(newestAt)];
  return watched === true ? `${newest}, watched` : oldest === newest ? newest : `${newest} to ${oldest}`;
}
