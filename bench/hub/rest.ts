import { setTimeout as sleep } from 'node:timers/promises';
import { CannotTellError } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { readMetric } from '../../harness/probes/metric.ts';
import { EmptyNode } from './on-node.ts';
import { who, type Part } from './place.ts';
import { figuresOfUnit, type Memory } from './process.ts';
import { between, readCounters, type Counters } from './traffic.ts';

export interface RestOptions {
  /** How long clients may take to come to their second watches, before both nodes are looked at. Seconds. */
  readonly settleSeconds: number;
  /** How long both nodes are looked at. */
  readonly seconds: number;
}

/** What a node's hub takes while nothing happens, and what both nodes say to the cloud in that time. */
export interface Rest {
  readonly seconds: number;
  /** Looked at again and again; the empty Node runs beside the hub meanwhile. */
  readonly memory: { readonly hub: readonly Memory[]; readonly empty: readonly Memory[] };
  readonly cpuSeconds: { readonly hub: number; readonly empty: number };
  readonly traffic: { readonly hub: Counters; readonly plain: Counters };
  /** What is cached, as it is on disk. */
  readonly cacheBytes: number;
  readonly cacheObjects: number;
}

/** At rest is a hub that has used less than this share of a core in the time of one look, on a node that, as the other one, was sent fewer bytes a second: the last of what was made for this comes long after it was made. */
const restShare = 0.05;
const restBytes = 2000;
const lookSeconds = 10;
const restWithinMs = 180_000;
const looks = 5;

/** Both nodes at once, in one window: what disturbs one disturbs the other. */
export const measureRest: Part<RestOptions, Rest> = async (pair, { seconds, settleSeconds }, step) => {
  const { docker, hub, place, signal } = pair;
  const figures = async (): ReturnType<typeof figuresOfUnit> => await figuresOfUnit(docker, hub.name, place.unit, signal);
  step.detail(`waiting for ${settleSeconds} s until the first watch of each client has ended`);
  await sleep(settleSeconds * 1000, undefined, { signal });
  step.detail('waiting until the hub is at rest');
  await waitFor(`the nodes ${hub.name} and ${pair.plain.name} at rest`, async (look) => {
    const [before, sent] = [await figures(), await readCounters(pair)];
    await sleep(lookSeconds * 1000, undefined, { signal: look });
    const share = ((await figures()).cpuSeconds - before.cpuSeconds) / lookSeconds;
    const now = await readCounters(pair);
    const busiest = Math.max(...who.map((node) => between(sent[node], now[node]).bytesIn)) / lookSeconds;
    return share < restShare && busiest < restBytes ? { done: true } : { missing: `the hub uses ${(100 * share).toFixed(1)} % of a core, and one of them is sent ${busiest.toFixed(0)} bytes a second` };
  }, { timeoutMs: restWithinMs, everyMs: 10, signal });
  await using empty = await EmptyNode.start(pair);
  const [traffic, of, beside, startedAt] = [await readCounters(pair), await figures(), await empty.figures(), performance.now()];
  const memory = { hub: [of.memory], empty: [beside.memory] };
  let [now, besideNow] = [of, beside];
  for (let look = 1; look <= looks; look++) {
    const left = startedAt + (seconds * 1000 * look) / looks - performance.now();
    step.detail(`for ${seconds} s: ${Math.round((performance.now() - startedAt) / 1000)} s so far`);
    await sleep(Math.max(0, left), undefined, { signal });
    [now, besideNow] = [await figures(), await empty.figures()];
    memory.hub.push(now.memory);
    memory.empty.push(besideNow.memory);
  }
  if (now.pid !== of.pid) throw new CannotTellError('BENCH_FAILED', `the hub of ${hub.name} was started anew while it was measured`, { next: `docker exec ${hub.name} journalctl -u ${place.unit}` });
  const after = await readCounters(pair);
  const cached = async (metric: string): Promise<number> => await readMetric(docker, hub.name, place.metrics, metric, signal);
  return {
    seconds: (performance.now() - startedAt) / 1000,
    memory,
    cpuSeconds: { hub: now.cpuSeconds - of.cpuSeconds, empty: besideNow.cpuSeconds - beside.cpuSeconds },
    traffic: { hub: between(traffic.hub, after.hub), plain: between(traffic.plain, after.plain) },
    cacheBytes: await cached('edge_hub_cache_bytes'),
    cacheObjects: await cached('edge_hub_cache_objects'),
  };
};
