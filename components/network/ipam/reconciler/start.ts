import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import type { KubeAccess } from '../../../kube/in-cluster.ts';
import type { Log } from '../../../tunnel/common/log.ts';
import { serveCalls } from '../resident/serve.ts';
import { lookAtNetns, lookAtNothing, seesMountsOf, takeOut } from '../sandboxes.ts';
import { describeOwner } from '../state.ts';
import { ApiPods } from './api-pods.ts';
import { IpamMetrics } from './metrics.ts';
import { Reconciler } from './reconcile.ts';

export interface ReconcilerOptions {
  readonly access: KubeAccess;
  readonly nodeName: string;
  /** Where the plugin keeps its state. */
  readonly dataDir: string;
  readonly log: Log;
  readonly registry: Registry;
  readonly timings?: ReconcilerTimings;
  /** Where calls of the plugin are answered. Left out: they are not. */
  readonly socket?: string;
  /** A process that sees the runtime's mounts. Default: the node's first. */
  readonly mountsOf?: string;
}

/** Milliseconds. */
export interface ReconcilerTimings {
  /** Between two rounds when nothing was told. */
  readonly everyMs: number;
  /** From a change that was told to a round: more may follow. */
  readonly settleMs: number;
}

export const defaultTimings: ReconcilerTimings = { everyMs: 20_000, settleMs: 500 };

export interface RunningReconciler extends AsyncDisposable {
  /** Why it cannot do its work, or undefined. */
  readonly notReady: string | undefined;
}

/** Frees addresses of Pods that are gone, and answers calls of the plugin, until it is disposed. */
export async function startReconciler({ access, nodeName, dataDir, log, registry, timings = defaultTimings, socket, mountsOf = '1' }: ReconcilerOptions): Promise<RunningReconciler> {
  const seesMounts = seesMountsOf(mountsOf);
  const stop = new AbortController();
  const { signal } = stop;
  const metrics = new IpamMetrics(registry, dataDir);
  const bell = new Bell(timings);
  let failure: string | undefined;
  const pods = new ApiPods({ access, nodeName, changed: () => bell.ring(), failed: (error) => log.debug({ reason: String(error) }, 'the watch of Pods is opened anew'), signal });
  const reconciler = new Reconciler({
    dataDir,
    pods,
    // Seen from another mount namespace, all sandboxes would seem gone.
    look: seesMounts ? lookAtNetns : () => lookAtNothing,
    takeOut,
    freed: (network, { owner, addresses }) => {
      metrics.freed.inc({ network });
      log.info({ network, addresses, owner: describeOwner(owner) }, 'free: its Pod is gone');
    },
    troubled: (what, error) => log.warn({ reason: String(error) }, what),
  });
  // Without the node's mounts a call would take sandboxes for gone: then each call sees for itself.
  const calls = socket === undefined || !seesMounts ? undefined : await serveCalls({ socket, told: (what) => log.warn(what), served: (ok) => metrics.calls.inc({ outcome: ok ? 'ok' : 'error' }) }).catch((error: unknown) => {
    log.warn({ reason: String(error) }, 'calls of the plugin are not answered here: each starts a process of its own');
    return undefined;
  });
  const loop = (async () => {
    for (;;) {
      // At first for the watch to tell who is there: then nobody need be asked.
      await bell.wait(signal);
      if (signal.aborted) return;
      try {
        const { knowledge } = await reconciler.round(signal);
        metrics.rounds.inc({ outcome: knowledge === undefined ? 'idle' : 'asked' });
        if (knowledge !== undefined) metrics.connected.set(knowledge.connected ? 1 : 0);
        if (failure !== undefined) log.info('Pods are known again');
        failure = undefined;
      } catch (error) {
        if (signal.aborted) return;
        metrics.rounds.inc({ outcome: 'failed' });
        metrics.connected.set(0);
        const reason = error instanceof Error ? error.message : String(error);
        if (reason !== failure) log.warn({ reason }, 'no address can be freed');
        failure = reason;
      }
    }
  })();
  if (!seesMounts) log.error('this process does not see the mounts of the node: no address is freed');
  return {
    get notReady() {
      return seesMounts ? failure : 'the mounts of the node are not seen, so nobody can tell which sandboxes are there';
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error('the reconciler was stopped'));
      await Promise.all([calls?.[Symbol.asyncDispose](), loop, pods.over]);
    },
  };
}

/** Rings when something was told, or after a while by itself. */
class Bell {
  readonly #timings: ReconcilerTimings;
  #rung = new AbortController();

  constructor(timings: ReconcilerTimings) {
    this.#timings = timings;
  }

  ring(): void {
    this.#rung.abort();
  }

  async wait(signal: AbortSignal): Promise<void> {
    const rest = async (ms: number, over: AbortSignal): Promise<void> => await sleep(ms, undefined, { signal: over }).catch(() => {});
    await rest(this.#timings.everyMs, AbortSignal.any([signal, this.#rung.signal]));
    if (this.#rung.signal.aborted) await rest(this.#timings.settleMs, signal);
    this.#rung = new AbortController();
  }
}
