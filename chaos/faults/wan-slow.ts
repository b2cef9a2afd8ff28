import { CannotTellError } from '../../core/errors.ts';
import { apiserver, cloudServices } from '../../harness/wan/services.ts';
import { type Fault } from '../fault.ts';
import type { ParametersOf } from '../fault-parameters.ts';
import { type Target } from '../target.ts';
import { download, hearClose, timeHandshakes, upload, type Exchange } from '../wan-timing.ts';
import { toxicsOf, wanToxic } from '../wan-toxic.ts';

type Deed = Pick<Fault, 'inject' | 'verify' | 'heal'>;

/** What may be on its way at once before it is counted: two reads of Toxiproxy, of 32 KB each. */
const aheadBytes = 64_000;
/** What a rate can be told from: what is counted takes 2 s, and a fraction of one where nothing is thin. Toxiproxy's KB/s are bytes in a millisecond. */
const sampleOf = (bytesPerMs: number): number => aheadBytes + 2000 * bytesPerMs;

const notSeen = (message: string): CannotTellError => new CannotTellError('FAULT_NOT_SEEN', message);

/** A link of long delays, each another one, both ways, on top of the site's own. */
export const wanLatency = (target: Target, { latencyMs, jitterMs }: ParametersOf<'wan-latency'>): Deed => wanToxic(target, toxicsOf('latency', { latency: latencyMs, jitter: jitterMs }), async (ctx, site) => {
  // A handshake has one round trip at least (RFC 8446, 2), and each way takes at least this.
  const leastMs = 2 * (latencyMs - jitterMs);
  const seen = await timeHandshakes(ctx, site);
  const none = [...new Set(seen.filter(({ port, ms }) => port === apiserver.port && ms === undefined).map(({ node }) => node))];
  if (none.length > 0) throw notSeen(`${none.join(', ')} made no TLS handshake with the API server`);
  const fast = seen.filter(({ ms }) => ms !== undefined && ms < leastMs);
  if (fast.length > 0) throw notSeen(`a round trip over the WAN of ${site} takes ${leastMs} ms more, yet: ${fast.map(({ node, port, ms }) => `a TLS handshake of ${node} at port ${port} took ${ms} ms`).join('; ')}`);
  const took = (node: string, port: number): string => seen.filter((one) => one.node === node && one.port === port).flatMap(({ ms }) => ms ?? []).join(', ');
  return [...new Set(seen.map(({ node }) => node))].map((node) => `${node}: TLS handshakes took ${cloudServices.map(({ name, port }) => `${took(node, port) || 'none'} ms with the ${name}`).join(', ')}`).join('; ').replaceAll('none ms with', 'none with');
});

/** @throws CannotTellError when it came faster than the rate, or when too little of it came to tell */
function demandRate(what: string, bytesPerMs: number, { node, exit, status }: Exchange, bytes: number, ms: number): string {
  if (status === '000' || bytes < aheadBytes + 1000 * bytesPerMs) throw notSeen(`${node}: ${what}: ${bytes} bytes, HTTP ${status}, curl ${exit}: too little to tell`);
  const leastMs = (bytes - aheadBytes) / bytesPerMs;
  if (ms < leastMs) throw notSeen(`${node}: ${what} ${bytes} bytes took ${ms} ms, and at ${bytesPerMs} KB/s it takes ${Math.round(leastMs)} ms at least`);
  return `${what} ${bytes} bytes took ${ms} ms (${Math.round(bytes / ms)} KB/s)`;
}

/** A link of so much for each connection, each way. */
export const wanThin = (target: Target, { kilobytesPerSecond: rate }: ParametersOf<'wan-thin'>): Deed => wanToxic(target, toxicsOf('bandwidth', { rate }), async (ctx, site) => {
  const sampleBytes = sampleOf(rate);
  const [down, up] = await Promise.all([download(ctx, site, sampleBytes), upload(ctx, site, sampleBytes)]);
  const ups = new Map(up.map((one) => [one.node, one]));
  return down.map((one) => {
    const sent = ups.get(one.node)!;
    return `${one.node}: ${demandRate('fetching', rate, one, one.bytes, one.totalMs - one.firstByteMs)}, ${demandRate('posting', rate, sent, sampleBytes, sent.totalMs - sent.readyMs)}`;
  }).join('; ');
});

/**
 * Whoever closes a connection over the WAN is heard so much later by the other end. The API server closes after the request has come, so from there it
 * takes as long at least; and that it is not its answer that takes so long is told from the answer, which may come late to a node that is busy.
 */
export const wanSlowClose = (target: Target, { closeMs }: ParametersOf<'wan-slow-close'>): Deed => wanToxic(target, toxicsOf('slow_close', { delay: closeMs }), async (ctx, site) => (await hearClose(ctx, site)).map(({ node, status, readyMs, firstByteMs, totalMs }) => {
  const [sinceRequest, sinceAnswer] = [totalMs - readyMs, totalMs - firstByteMs];
  if (status === '000') throw notSeen(`${node} got no answer of the API server`);
  if (sinceRequest < closeMs || sinceAnswer < closeMs / 2) throw notSeen(`${node} heard the API server close ${sinceRequest} ms after its request and ${sinceAnswer} ms after its answer, and it takes ${closeMs} ms`);
  return `${node} heard the API server close ${sinceRequest} ms after its request, ${sinceAnswer} ms after its answer`;
}).join('; '));
