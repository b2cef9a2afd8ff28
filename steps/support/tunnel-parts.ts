import { CannotTellError } from '../../core/errors.ts';
import type { TunnelParts } from '../../harness/cluster/state.ts';
import { isReady, type KubeObject, type KubePod } from '../../harness/kube/objects.ts';
import type { EdgeWorld } from './world.ts';

/** Where the graded tunnel runs. @throws CannotTellError `TUNNEL_UNKNOWN` when its implementation does not say */
export function partsOf(world: EdgeWorld): TunnelParts {
  if (world.cluster.tunnel === undefined) {
    throw new CannotTellError('TUNNEL_UNKNOWN', `${world.cluster.implementation} does not say where its tunnel runs`, { next: 'declare `tunnel` in its implementation.ts: docs/implementations.md' });
  }
  return world.cluster.tunnel;
}

/** The Ready Pods of one part. @throws CannotTellError when there is none */
export async function podsOf(world: EdgeWorld, part: 'server' | 'agent'): Promise<KubePod[]> {
  const parts = partsOf(world);
  const kind = part === 'server' ? 'Deployment' : 'DaemonSet';
  const { spec } = await world.kube.get<KubeObject & { spec: { selector: { matchLabels: Record<string, string> } } }>('apps/v1', kind, parts[part], { namespace: parts.namespace, signal: world.signal });
  const labelSelector = Object.entries(spec.selector.matchLabels).map(([key, value]) => `${key}=${value}`).join(',');
  const pods = await world.kube.list<KubePod>('v1', 'Pod', { namespace: parts.namespace, labelSelector, signal: world.signal });
  const ready = pods.filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined);
  if (ready.length === 0) throw new CannotTellError('TUNNEL_UNKNOWN', `${kind} ${parts[part]} has no Ready Pod`);
  return ready;
}
