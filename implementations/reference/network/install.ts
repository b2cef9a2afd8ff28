import { macOfNode } from '../../../components/network/vtep/mac.ts';
import { annotatedVtepMac, vtepMac } from '../../../harness/probes/identity.ts';
import { allDone } from '../../../core/all-done.ts';
import { waitFor } from '../../../core/wait.ts';
import type { ClusterState, NodeState } from '../../../harness/cluster/state.ts';
import { vtepDevice } from '../../../harness/cluster/flannel.ts';
import { forgetOldForwards } from '../../../harness/cluster/old-forwards.ts';
import { cloudNodes, edgeNodes } from '../../../harness/cluster/state.ts';
import type { InstallContext } from '../../../harness/implementation.ts';
import type { KubeNode } from '../../../harness/kube/objects.ts';
import type { KubeClient } from '../../../harness/kube/client.ts';
import { EdgeproofError } from '../../../core/errors.ts';
import { run, saysReady, write, type EdgeNode } from '../edge-node.ts';
import { cniFile, networkUnit, pluginFile, residentFile } from './files.ts';
import { giveBackToHostLocal } from './give-back.ts';
import { cniConfig, networkHealthPort, networkName, networkStateFolder, pluginProgram, residentProgram } from './names.ts';

const unit = `${networkName}.service`;
const unitPath = `/etc/systemd/system/${unit}`;
const readyTimeoutMs = 30_000;

interface Node extends EdgeNode {
  readonly kube: KubeClient;
  readonly cluster: ClusterState;
}

/** Binds addresses on all edge nodes to whose they are. The hubs are there: what runs here is of their copy of the image. */
export async function installNetwork({ cluster, docker, kube, step, signal }: InstallContext): Promise<void> {
  step.detail('the network identity of each edge node');
  const edges = edgeNodes(cluster);
  await allDone(edges.map(async (node) => await installOn({ docker, kube, cluster, node, signal })));
}

/** Waits until all nodes send frames for each edge node to the MAC that goes with its name. Not while flannel is being replaced. @throws WaitTimeoutError */
export async function nodesKnownByName({ cluster, docker, kube, signal }: InstallContext): Promise<void> {
  const edges = edgeNodes(cluster);
  await allDone(edges.map(async (node) => await knownByItsName(node, { docker, kube, signal })));
  // Nodes with a keeper see to it themselves.
  const peers = edges.map(({ name, address }) => ({ address, mac: macOfNode(name) }));
  await allDone(cloudNodes(cluster).map(async ({ name }) => await forgetOldForwards({ docker, signal }, name, peers)));
}

/** Before the hubs go: their copy of the image goes with them. */
export async function removeNetwork({ cluster, docker, kube, step, signal }: InstallContext, edges = edgeNodes(cluster)): Promise<void> {
  step.detail('giving the addresses back to host-local');
  await Promise.all(edges.map(async (node) => await removeFrom({ docker, kube, cluster, node, signal })));
}

/** What runs keeps its addresses, and no container of it ends: the plugin finds them when it is first called. */
async function installOn(target: Node): Promise<void> {
  const { docker, kube, cluster, node, signal } = target;
  const { spec: { podCIDR } } = await kube.get<KubeNode>('v1', 'Node', node.name, { signal });
  if (podCIDR === undefined) throw new EdgeproofError('NO_POD_CIDR', `${node.name} has no podCIDR`);
  const { stdout: device } = await docker.exec(node.name, ['cat', `/sys/class/net/${vtepDevice}/mtu`], { signal });
  await write(target, pluginProgram, pluginFile(), '0755');
  await write(target, residentProgram, residentFile(), '0755');
  await write(target, unitPath, networkUnit(node));
  await write(target, cniConfig, cniFile({ podCidr: podCIDR, podSubnet: cluster.topology.overlay.podSubnet, mtu: Number(device.trim()) }), '0644');
  await run(target, 'systemctl', 'daemon-reload');
  await run(target, 'systemctl', 'enable', '--now', unit);
  await saysReady('the network identity', target, networkHealthPort);
}

async function removeFrom(target: Node): Promise<void> {
  const { docker, node, signal } = target;
  await docker.exec(node.name, ['systemctl', 'disable', '--now', unit], { accept: 'any', timeoutMs: 60_000, signal });
  await giveBackToHostLocal({ docker, node, signal });
  await run(target, 'rm', '-f', cniConfig);
  await run(target, 'rm', '-rf', unitPath, residentProgram, pluginProgram, networkStateFolder);
  await run(target, 'systemctl', 'daemon-reload');
}

/** Waits until a node has the MAC that goes with its name, and has said so. @throws WaitTimeoutError */
async function knownByItsName({ name }: NodeState, { docker, kube, signal }: Pick<Node, 'docker' | 'kube' | 'signal'>): Promise<void> {
  const mac = macOfNode(name);
  await waitFor(`flannel.1 of ${name} with ${mac}`, async (look) => {
    const [device, annotated] = await Promise.all([vtepMac(docker, name, look), annotatedVtepMac(kube, name, look)]);
    return device === mac && annotated === mac ? { done: undefined } : { missing: `it has ${device ?? 'none'}, and its annotation says ${annotated ?? 'nothing'}` };
  }, { timeoutMs: readyTimeoutMs, everyMs: 200, signal });
}
