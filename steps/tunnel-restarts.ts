import { When } from '@cucumber/cucumber';
import { CannotTellError } from '../core/errors.ts';
import type { TunnelParts } from '../harness/cluster/state.ts';
import { isReady, type KubeObject, type KubePod } from '../harness/kube/objects.ts';
import type { EdgeWorld } from './support/world.ts';

const rolloutSeconds = 120;

function partsOf(world: EdgeWorld): TunnelParts {
  if (world.cluster.tunnel === undefined) {
    throw new CannotTellError('TUNNEL_UNKNOWN', `${world.cluster.implementation} does not say where its tunnel runs`, { next: 'declare `tunnel` in its implementation.ts: docs/implementations.md' });
  }
  return world.cluster.tunnel;
}

/** The Ready Pods of one part. @throws CannotTellError when there is none */
async function podsOf(world: EdgeWorld, part: 'server' | 'agent'): Promise<KubePod[]> {
  const parts = partsOf(world);
  const kind = part === 'server' ? 'Deployment' : 'DaemonSet';
  const { spec } = await world.kube.get<KubeObject & { spec: { selector: { matchLabels: Record<string, string> } } }>('apps/v1', kind, parts[part], { namespace: parts.namespace, signal: world.signal });
  const labelSelector = Object.entries(spec.selector.matchLabels).map(([key, value]) => `${key}=${value}`).join(',');
  const pods = await world.kube.list<KubePod>('v1', 'Pod', { namespace: parts.namespace, labelSelector, signal: world.signal });
  const ready = pods.filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined);
  if (ready.length === 0) throw new CannotTellError('TUNNEL_UNKNOWN', `${kind} ${parts[part]} has no Ready Pod`);
  return ready;
}

async function kill(world: EdgeWorld, pods: readonly KubePod[]): Promise<void> {
  for (const { metadata } of pods) await world.disturb('container-kill', `pod ${metadata.namespace}/${metadata.name}`);
}

When('the tunnel agent of the edge node is killed', async function (this: EdgeWorld) {
  await kill(this, (await podsOf(this, 'agent')).filter(({ spec }) => spec.nodeName === this.roles.edgeNode.name));
});

When('all tunnel servers are killed', async function (this: EdgeWorld) {
  await kill(this, await podsOf(this, 'server'));
});

When('one of several tunnel servers is killed', async function (this: EdgeWorld) {
  const servers = await podsOf(this, 'server');
  if (servers.length < 2) throw new CannotTellError('TOO_FEW', `there is ${servers.length} tunnel server, and this is about several`);
  await kill(this, servers.slice(0, 1));
});

When('the tunnel servers are replaced one by one', async function (this: EdgeWorld) {
  const { namespace, server } = partsOf(this);
  const before = new Set((await podsOf(this, 'server')).map(({ metadata }) => metadata.name));
  await this.kubectl.run(['rollout', 'restart', `deployment/${server}`, '--namespace', namespace], { timeoutMs: 10_000, signal: this.signal });
  await this.kubectl.run(['rollout', 'status', `deployment/${server}`, '--namespace', namespace, `--timeout=${rolloutSeconds}s`], { timeoutMs: rolloutSeconds * 1000 + 5000, signal: this.signal });
  const left = (await podsOf(this, 'server')).filter(({ metadata }) => before.has(metadata.name));
  if (left.length > 0) throw new CannotTellError('NOT_REPLACED', `${left.map(({ metadata }) => metadata.name).join(', ')} still serve`);
});
