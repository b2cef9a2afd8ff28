import { z } from 'zod';
import { macOfNode } from '../../../components/network/vtep/mac.ts';
import { annotatedVtepMac, vtepMac } from '../../../harness/probes/identity.ts';
import { waitFor } from '../../../core/wait.ts';
import type { ClusterState, NodeState } from '../../../harness/cluster/state.ts';
import { edgeNodes } from '../../../harness/cluster/state.ts';
import type { Docker } from '../../../harness/docker/docker.ts';
import type { InstallContext } from '../../../harness/implementation.ts';
import type { KubeNode } from '../../../harness/kube/objects.ts';
import type { KubeClient } from '../../../harness/kube/client.ts';
import { EdgeproofError } from '../../../core/errors.ts';
import { cniFile, networkUnit, pluginFile, residentFile, type NodeFile } from './files.ts';
import { giveBackToHostLocal } from './give-back.ts';
import { cniConfig, networkHealthPort, networkName, networkStateFolder, pluginProgram, residentProgram } from './names.ts';

const unit = `${networkName}.service`;
const unitPath = `/etc/systemd/system/${unit}`;
const readyTimeoutMs = 30_000;
const vtepDevice = 'flannel.1';
const forwardsSchema = z.array(z.object({ mac: z.string(), dst: z.string().optional() }));

interface Node {
  readonly docker: Docker;
  readonly kube: KubeClient;
  readonly cluster: ClusterState;
  readonly node: NodeState;
  readonly signal: AbortSignal;
}

/**
 * Binds addresses on all edge nodes to whose they are. The hubs are there: what runs here is of their copy of the image. `reference` does not call it yet:
 * with it six promises of identity were kept on a cluster, once; the others, a whole run and taking it off again were not tried, and identity is not claimed.
 */
export async function installNetwork({ cluster, docker, kube, step, signal }: InstallContext): Promise<void> {
  step.detail('the network identity of each edge node');
  const edges = edgeNodes(cluster);
  await Promise.all(edges.map(async (node) => await installOn({ docker, kube, cluster, node, signal })));
  await Promise.all(edges.map(async (node) => await knownByItsName(node, { docker, kube, signal })));
  // Nodes with a keeper see to it themselves.
  await Promise.all(cluster.nodes.filter(({ tier }) => tier === 'cloud').map(async (cloud) => await forgetOldMacs(cloud, edges, { docker, signal })));
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
  await write(target, pluginProgram, pluginFile());
  await write(target, residentProgram, residentFile());
  await write(target, unitPath, networkUnit(node));
  await write(target, cniConfig, cniFile({ podCidr: podCIDR, podSubnet: cluster.topology.overlay.podSubnet, mtu: Number(device.trim()) }));
  await run(target, 'systemctl', 'daemon-reload');
  await run(target, 'systemctl', 'enable', '--now', unit);
  await waitFor(`the network identity of ${node.name}`, async (look) => {
    const { code, stdout, stderr } = await docker.exec(node.name, ['curl', '--silent', '--show-error', '--max-time', '2', '--write-out', ' %{http_code}', `http://127.0.0.1:${networkHealthPort}/readyz`], { accept: 'any', timeoutMs: 10_000, signal: look });
    return code === 0 && stdout.trim().endsWith('200') ? { done: undefined } : { missing: `${stdout} ${stderr}`.trim() };
  }, { timeoutMs: readyTimeoutMs, everyMs: 200, signal });
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

/** flannel on a node that nobody else looks after keeps the forward of a peer's MAC when that gets another one. */
async function forgetOldMacs({ name }: NodeState, edges: readonly NodeState[], { docker, signal }: Pick<Node, 'docker' | 'signal'>): Promise<void> {
  const { stdout } = await docker.exec(name, ['bridge', '-json', 'fdb', 'show', 'dev', vtepDevice], { signal });
  const old = forwardsSchema.parse(JSON.parse(stdout)).filter(({ mac, dst }) => edges.some((edge) => edge.address === dst && macOfNode(edge.name) !== mac));
  for (const { mac, dst } of old) await docker.exec(name, ['bridge', 'fdb', 'del', mac, 'dev', vtepDevice, 'dst', dst!, 'self'], { signal });
}

async function run({ docker, node, signal }: Node, ...argv: string[]): Promise<void> {
  await docker.exec(node.name, argv, { timeoutMs: 60_000, signal });
}

/** In one step: the runtime reads its configuration whenever the folder changes. */
async function write({ docker, node, signal }: Node, path: string, { text, executable = false }: NodeFile): Promise<void> {
  const script = 'umask 022 && mkdir -p "$(dirname "$1")" && cat > "$1.new" && chmod "$2" "$1.new" && mv -f "$1.new" "$1"';
  await docker.exec(node.name, ['sh', '-c', script, 'edgeproof', path, executable ? '0755' : '0644'], { input: text, timeoutMs: 20_000, signal });
}
