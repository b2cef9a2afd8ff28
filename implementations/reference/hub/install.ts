import { edgeNodes, type NodeState } from '../../../harness/cluster/state.ts';
import type { InstallContext } from '../../../harness/implementation.ts';
import { isReady, type KubePod } from '../../../harness/kube/objects.ts';
import { replaceServiceProxies } from '../../../harness/kube/service-proxy.ts';
import { waitFor } from '../../../core/wait.ts';
import { beforeAnnotation as toleratedBefore } from '../../../components/hub/cloud/tolerations.ts';
import { controllerManifests } from './controller-manifests.ts';
import { dnsManifests, dnsNamespace } from './dns-manifests.ts';
import { autonomousLabel, controllerName, dnsName, namespace } from './names.ts';
import { installHub, removeHub, serviceLeadsToHub } from './node-install.ts';

const replaceTimeoutMs = 90_000;
const flannel = { namespace: 'kube-flannel', labelSelector: 'app=flannel' } as const;

/** Gives every edge node a hub, which its kubelet talks to from then on, and a DNS. */
export async function placeHubs({ cluster, docker, kube, kubectl, step, signal }: InstallContext): Promise<void> {
  const edges = edgeNodes(cluster);
  step.detail('a hub on each edge node');
  await kube.applyAll(controllerManifests(cluster.topology), { signal });
  await Promise.all(edges.map(async (node) => await installHub({ docker, cluster, node, signal })));
  // Before any kube-proxy is shown it: until then names are asked of the cloud's.
  step.detail('DNS on each edge node');
  await kube.applyAll(dnsManifests(), { signal });
  await kubectl.rolledOut(`daemonset/${dnsName}`, { namespace: dnsNamespace, timeoutMs: replaceTimeoutMs, signal });
}

/** Leads the rest of every edge node to its hub, and has that keep the node's Pods. Makes no Pod on an edge node but on the host's network. */
export async function leadToHubs({ cluster, docker, kube, kubectl, step, signal }: InstallContext): Promise<void> {
  const edges = edgeNodes(cluster);
  const names = edges.map(({ name }) => name);
  // What ran before the hub came has read whom to dial and whom to trust already.
  step.detail('restarting what knew the API server by another name');
  await replaceServiceProxies(kube, names, { timeoutMs: replaceTimeoutMs, signal });
  // A kube-proxy that runs has not written its rules yet: whoever dials the Service before that reaches the cloud, and the hub remembers nothing of it.
  await Promise.all(edges.map(async (node) => await serviceLeadsToHub({ docker, cluster, node, signal })));
  await replaceFlannel({ kube, signal }, names);
  await Promise.all(names.map(async (name) => await kubectl.run(['label', 'node', name, '--overwrite', `${autonomousLabel.key}=${autonomousLabel.value}`], { timeoutMs: 30_000, signal })));
  await kubectl.rolledOut(`deployment/${controllerName}`, { namespace, timeoutMs: replaceTimeoutMs, signal });
}

/** Leaves plain nodes. */
export async function removeHubs(context: InstallContext): Promise<void> {
  const { cluster, kube, step, signal } = context;
  step.detail('removing the hubs');
  await makePlain(context, edgeNodes(cluster));
  // The names of the cloud's DNS answer again: every kube-proxy has been replaced.
  await kube.delete('apps/v1', 'DaemonSet', dnsName, { namespace: dnsNamespace, signal });
  for (const kind of ['ConfigMap', 'ServiceAccount']) await kube.delete('v1', kind, dnsName, { namespace: dnsNamespace, signal });
  for (const name of [controllerName, dnsName]) {
    for (const kind of ['ClusterRoleBinding', 'ClusterRole']) await kube.delete('rbac.authorization.k8s.io/v1', kind, name, { signal });
  }
  await kube.delete('v1', 'Namespace', namespace, { signal });
}

/** Leaves one plain node beside others that keep their hubs. `placeHubs` gives it one again; what else runs on it from the hub's copy of the image must be gone. */
export async function removeOneHub(context: InstallContext, node: NodeState): Promise<void> {
  const { kube, signal } = context;
  await makePlain(context, [node]);
  await kube.applyAll(dnsManifests({ notOn: [node.name] }), { signal });
  await waitFor(`no DNS of its own on ${node.name}`, async (look) => {
    const there = (await kube.list<KubePod>('v1', 'Pod', { namespace: dnsNamespace, labelSelector: `app=${dnsName}`, signal: look })).filter(({ spec }) => spec.nodeName === node.name);
    return there.length === 0 ? { done: undefined } : { missing: `${there[0]!.metadata.name} is there` };
  }, { timeoutMs: replaceTimeoutMs, signal });
}

async function makePlain({ cluster, docker, kube, kubectl, signal }: InstallContext, edges: readonly NodeState[]): Promise<void> {
  const names = edges.map(({ name }) => name);
  // First the label: the controller gives Pods back what they were.
  await Promise.all(names.map(async (name) => await kubectl.run(['label', 'node', name, `${autonomousLabel.key}-`], { timeoutMs: 30_000, signal })));
  await waitFor('all Pods of edge nodes being what they were', async (look) => {
    const pods = await kube.list<KubePod>('v1', 'Pod', { signal: look });
    const kept = pods.filter(({ spec, metadata }) => names.includes(spec.nodeName ?? '') && metadata.annotations?.[toleratedBefore] !== undefined);
    return kept.length === 0 ? { done: undefined } : { missing: `still made to stay: ${kept.map(({ metadata }) => metadata.name).join(', ')}` };
  }, { timeoutMs: replaceTimeoutMs, signal });
  await Promise.all(edges.map(async (node) => await removeHub({ docker, cluster, node, signal })));
  await replaceServiceProxies(kube, names, { timeoutMs: replaceTimeoutMs, signal });
  await replaceFlannel({ kube, signal }, names);
}

/** The overlay stays as it is meanwhile: flanneld only keeps it. */
async function replaceFlannel({ kube, signal }: Pick<InstallContext, 'kube' | 'signal'>, nodes: readonly string[]): Promise<void> {
  const on = async (look: AbortSignal): Promise<KubePod[]> => (await kube.list<KubePod>('v1', 'Pod', { ...flannel, signal: look })).filter(({ spec }) => nodes.includes(spec.nodeName ?? ''));
  const old = new Set((await on(signal)).map(({ metadata }) => metadata.name));
  await Promise.all([...old].map(async (name) => await kube.delete('v1', 'Pod', name, { namespace: flannel.namespace, signal })));
  await waitFor('another flannel', async (look) => {
    const ready = (await on(look)).filter((pod) => !old.has(pod.metadata.name) && isReady(pod)).map(({ spec }) => spec.nodeName);
    const without = nodes.filter((name) => !ready.includes(name));
    return without.length === 0 ? { done: undefined } : { missing: `none is Ready on ${without.join(', ')}` };
  }, { timeoutMs: replaceTimeoutMs, signal });
}
