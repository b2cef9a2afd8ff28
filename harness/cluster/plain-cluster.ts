import { join } from 'node:path';
import { allDone } from '../../core/all-done.ts';
import type { Step } from '../../core/progress.ts';
import { KubeClient } from '../kube/client.ts';
import { applyIsolation } from '../wan/isolation.ts';
import { startWan, upstreamsOf } from '../wan/wan.ts';
import { flannelManifests } from './flannel.ts';
import type { KindPatches } from './kind-config.ts';
import { makeWithKind } from './kind.ts';
import { metricsServerManifests, metricsServerName } from './metrics-server.ts';
import { planNodes } from './plan-nodes.ts';
import { servingCertificate } from './serving-certificate.ts';
import type { ClusterState, NodeState } from './state.ts';
import { clusterDir } from './store.ts';
import type { Phase, UpOptions } from './up.ts';

export interface PlainClusterOptions extends UpOptions {
  readonly network: ClusterState['network'];
  readonly patches?: KindPatches;
  readonly phase: Phase;
  readonly step: Step;
}

/**
 * Has kind make the nodes, and puts the WANs between them while it is still at work: an edge node then joins over its WAN, and has
 * nothing of the cloud that it would lose again. Whether its join was slower or faster than that is not known: what it had is ended.
 *
 * @throws CannotTellError `BOOT_FAILED`, `WAN_NOT_STARTED`; as `applyIsolation`
 */
export async function makePlainCluster(options: PlainClusterOptions): Promise<ClusterState> {
  const { name, network, patches, step } = options;
  const kubeconfig = join(clusterDir(name), 'kubeconfig');
  const kind = { ...options, network: network.name, kubeconfig, configFile: join(clusterDir(name), 'kind.yaml'), detail: step.detail, ...(patches && { patches }) };
  return await makeWithKind(kind, async () => await isolate(options, kubeconfig), async () => await addOns(options, kubeconfig));
}

/** Starts the WANs, and leaves the edge nodes, which run by now, no other way. */
async function isolate({ name, topology, topologyArgument, implementation, docker, images, network, phase, step, signal }: PlainClusterOptions, kubeconfig: string): Promise<ClusterState> {
  const [nodes, wans] = await phase('WANs', async () => {
    const nodes = await Promise.all(planNodes(name, topology).map(async ({ labels: _, ...node }): Promise<NodeState> => ({ ...node, address: await docker.address(node.name, network.name) })));
    const upstreams = upstreamsOf(nodes);
    return [nodes, await allDone(topology.sites.map(async (site) => await startWan(docker, { cluster: name, network: network.name, site, upstreams, image: images.toxiproxy }, signal)))] as const;
  }, step);
  const { tunnel, autonomy, identity } = implementation;
  const cluster: ClusterState = {
    name,
    createdAt: new Date().toISOString(),
    topology,
    ...(topologyArgument !== undefined && { topologyArgument }),
    implementation: implementation.name,
    ...(tunnel && { tunnel }),
    ...(autonomy && { autonomy }),
    ...(identity && { identity }),
    network,
    kubeconfig,
    nodes,
    wans,
  };
  await phase('Isolation', async () => await applyIsolation(docker, images.cloud, cluster, signal), step);
  return cluster;
}

/** What kubeadm leaves to others. */
async function addOns({ topology, phase, step, signal }: PlainClusterOptions, kubeconfig: string): Promise<void> {
  using kube = await KubeClient.fromKubeconfig(kubeconfig);
  await phase('Add-ons', async ({ detail }) => {
    detail('flannel');
    await kube.applyAll(flannelManifests(topology.overlay), { signal });
    detail('metrics-server');
    await kube.applyAll(metricsServerManifests(topology, await servingCertificate([metricsServerName])), { signal });
  }, step);
}
