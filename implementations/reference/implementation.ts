import { allDone } from '../../core/all-done.ts';
import type { KeyPair } from '../../core/pki.ts';
import { edgeNodes } from '../../harness/cluster/state.ts';
import type { Implementation, InstallContext, PrepareContext } from '../../harness/implementation.ts';
import type { KindPatches } from '../../harness/cluster/kind-config.ts';
import { approveKubeletServing } from '../../harness/kube/kubelet-serving.ts';
import type { KubeObject } from '../../harness/kube/objects.ts';
import { agentManifests } from './agent-manifests.ts';
import { agentsPairs, makeCertificates, readPair } from './certificates.ts';
import { egressPatches } from './egress.ts';
import { installEdges } from './edges.ts';
import { autonomousLabel, hubName } from './hub/names.ts';
import { componentImages } from './images.ts';
import { networkName, vtepState } from './network/names.ts';
import { metricsManifests } from './metrics-manifests.ts';
import { agentHealthPort, agentName, namespace, ports, serverName, version } from './names.ts';
import { serverManifests } from './server-manifests.ts';
import { setTunnelTrust } from './trust.ts';
import { uninstall } from './uninstall.ts';

const approvalTimeoutMs = 60_000;
const rolloutTimeoutMs = 120_000;

async function prepare({ folder, topology }: PrepareContext): Promise<KindPatches> {
  await makeCertificates(folder, topology.overlay.serviceSubnet);
  return await egressPatches(folder, topology);
}

async function install(context: InstallContext): Promise<void> {
  const { cluster, folder, kube, kubectl, step, signal } = context;
  const { topology } = cluster;
  step.detail('approving the certificates of kubelets');
  await approveKubeletServing(kube, cluster, { timeoutMs: approvalTimeoutMs, signal });
  step.detail('applying the tunnel');
  const pair = async (name: Parameters<typeof readPair>[1]): Promise<KeyPair> => await readPair(folder, name);
  const [ca, server, client, agentsCa, agents] = await Promise.all([pair('ca'), pair('server'), pair('metrics-server'), pair(agentsPairs.old.ca), pair(agentsPairs.old.server)]);
  const root = await kube.get<KubeObject & { data: { 'ca.crt': string } }>('v1', 'ConfigMap', 'kube-root-ca.crt', { namespace: 'kube-system', signal });
  await kube.applyAll([
    // Agents are on the host's network and read the kubelet's key: `privileged` is the Pod security standard that lets them.
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } },
    ...serverManifests(topology, { ca, server, agents }),
    ...agentManifests(cluster, agentsCa.certPem),
    ...metricsManifests(topology, { ca, client, clusterCa: root.data['ca.crt'] }),
  ], { signal });
  // Neither needs the other, and both wait for Pods most of their time.
  const rollouts = [`deployment/${serverName}`, `daemonset/${agentName}`].map(async (workload) => await kubectl.rolledOut(workload, { namespace, timeoutMs: rolloutTimeoutMs, signal }));
  await allDone([installEdges(context), ...rollouts]);
  step.result(`${edgeNodes(cluster).length} agents connected, ${edgeNodes(cluster).length} hubs`);
}

/** edgeproof's own components. */
export const implementation: Implementation = {
  name: 'reference',
  description: "edgeproof's own edge components: the tunnel, edge-hub, and edge-network",
  version,
  claims: ['lifecycle', 'tunnel', 'autonomy', 'identity'],
  tunnel: { namespace, server: serverName, agent: agentName, streams: { metric: 'edge_tunnel_streams', timers: 'nodejs_active_resources{type="Timeout"}', serverPort: ports.health, agentPort: agentHealthPort } },
  autonomy: { units: [`${hubName}.service`, `${networkName}.service`], nodeLabel: autonomousLabel },
  identity: { stateFiles: [vtepState] },
  images: componentImages,
  prepare,
  setTunnelTrust,
  install,
  uninstall,
};
