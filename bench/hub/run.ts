import { describeError } from '../../core/errors.ts';
import type { Progress } from '../../core/progress.ts';
import { deleteNamespace } from '../../harness/workloads/namespaces.ts';
import { lookAround, lookMs } from '../machine.ts';
import { measureLatency, type LatencyOptions } from './latency.ts';
import { measureLoads } from './load.ts';
import type { Pair } from './place.ts';
import { measureRest, type RestOptions } from './rest.ts';
import { measureRestarts } from './restart.ts';
import type { HubMeasured, HubPart, HubResult } from './result.ts';
import { giveWork } from './workload.ts';

export interface HubBenchOptions extends RestOptions, LatencyOptions {
  /** On each node while it is at rest, and in the cluster. */
  readonly pods: number;
  readonly services: number;
  readonly restartPods: number;
  /** How many objects the large cache has. */
  readonly cached: { readonly pods: number; readonly slices: number };
  readonly parts: readonly HubPart[];
  /** What the hub's Node is started with. */
  readonly flags: readonly string[];
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Measures what is asked for, one part after the other. @param pair a part that needs a cluster has one */
export async function runHubBench(pair: Pair | undefined, options: HubBenchOptions): Promise<HubMeasured & Pick<HubResult, 'busy' | 'failed'>> {
  const { parts, progress, signal, pods, services, restartPods, rounds, cached, flags } = options;
  const busy: HubResult['busy'][number][] = [];
  const failed: HubResult['failed'][number][] = [];
  const part = async <T>(name: HubPart, title: string, work: Parameters<typeof progress.step<T>>[1]): Promise<T | undefined> => {
    if (!parts.includes(name)) return undefined;
    busy.push({ before: name, ...(await lookAround(lookMs, signal)) });
    try {
      return await progress.step(title, work);
    } catch (error) {
      signal.throwIfAborted();
      // Minutes went into what the other parts have found.
      failed.push({ part: name, why: describeError(error) });
      return undefined;
    }
  };
  const loads = (await part('load', `Loading a cache of ${cached.pods} Pods and ${cached.slices} EndpointSlices`, async (step) => await measureLoads({ rounds, ...cached, flags, signal }, step))) ?? [];
  const nothing = { pods, services, restarts: [], restartPods, loads, busy, failed };
  if (pair === undefined) return nothing;
  try {
    await progress.step(`${pods} Pods on each node, and ${services} Services`, async (step) => await giveWork(pair, options, step));
    const rest = await part('rest', 'At rest', async (step) => await measureRest(pair, options, step));
    const latency = await part('latency', 'GET and watch', async (step) => await measureLatency(pair, options, step));
    const restarts = (await part('restart', `Restarts of nodes with ${restartPods} Pods`, async (step) => await measureRestarts(pair, { rounds, pods: restartPods }, step))) ?? [];
    return { ...nothing, restarts, ...(rest && { rest }), ...(latency && { latency }) };
  } finally {
    // Of a cluster that goes anyway, or that does not answer, it is no matter.
    await deleteNamespace(pair.kube, pair.namespace).catch(() => {});
  }
}
