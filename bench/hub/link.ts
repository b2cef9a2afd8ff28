import { waitFor } from '../../core/wait.ts';
import { readMetric } from '../../harness/probes/metric.ts';
import { connectWan, setWanOpen } from '../../harness/wan/wan.ts';
import type { Pair } from './place.ts';

/** Both within what the hub promises, and room. */
const noticedWithinMs = 30_000;

/** Shuts the WAN of the site with the hub, or opens it, and waits until the hub knows. */
export async function setLink(pair: Pair, open: boolean): Promise<void> {
  const { docker, hub, place, signal } = pair;
  await setWan(pair, open, signal);
  await waitFor(`the hub of ${hub.name} ${open ? 'connected' : 'cut off'}`, async (look) => {
    const connected = await readMetric(docker, hub.name, place.metrics, 'edge_hub_link_connected', look);
    return connected === Number(open) ? { done: true } : { missing: open ? 'it is cut off' : 'it is connected' };
  }, { timeoutMs: noticedWithinMs, everyMs: 200, signal });
}

async function setWan({ docker, cluster, hub }: Pair, open: boolean, signal?: AbortSignal): Promise<void> {
  const wan = await connectWan(docker, cluster.name, hub.site ?? '', signal === undefined ? {} : { signal });
  await setWanOpen(wan, open);
}

/** A WAN that is shut. Disposing opens it, whatever happened. */
export async function cutOff(pair: Pair): Promise<AsyncDisposable> {
  try {
    await setLink(pair, false);
  } catch (error) {
    await setWan(pair, true);
    throw error;
  }
  return { [Symbol.asyncDispose]: async () => await setWan(pair, true) };
}
