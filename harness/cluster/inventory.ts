import { allDone } from '../../core/all-done.ts';
import type { Docker } from '../docker/docker.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeNode, KubeObject } from '../kube/objects.ts';
import { edgeNodes, type ClusterState } from './state.ts';

/** What there is on the edge nodes and in the API, as far as an implementation would add to it: a line each. */
export type Inventory = readonly string[];

/** Whoever installs something on a node leaves it there: programs, units, configurations, state, addresses. Caches of the CNI come with the first Pod. */
const onNode = `
find /etc/systemd/system /etc/kubernetes /etc/cni /opt -not -type d -exec sha256sum {} + 2>/dev/null | sed 's/^\\([0-9a-f]\\{12\\}\\)[0-9a-f]* */file \\1 /'
find /var/lib /opt /run -mindepth 1 -maxdepth 1 -name '*-*' -not -name 'cni*' | sed 's/^/path /'
ip -o -4 address show dev lo | awk '{ print "address", $4 }'
`;

const rbac = 'rbac.authorization.k8s.io/v1';
const clusterWide = [['v1', 'Namespace'], [rbac, 'ClusterRole'], [rbac, 'ClusterRoleBinding'], ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'], ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration']] as const;
const systemNamespaces = ['kube-system', 'kube-flannel'] as const;
const inNamespaces = [['apps/v1', 'Deployment'], ['apps/v1', 'DaemonSet'], ['v1', 'Service'], ['v1', 'ConfigMap'], ['v1', 'Secret'], ['v1', 'ServiceAccount'], [rbac, 'Role'], [rbac, 'RoleBinding']] as const;

/** What a cluster has now. @throws ExecError, KubeError, KubeUnreachableError */
export async function takeInventory(kube: KubeClient, docker: Docker, cluster: Pick<ClusterState, 'nodes'>, signal: AbortSignal): Promise<Inventory> {
  const nodes = edgeNodes(cluster).map(async ({ name }) => {
    const { stdout } = await docker.exec(name, ['sh', '-c', onNode], { timeoutMs: 30_000, signal });
    return stdout.trim().split('\n').map((line) => `${name}: ${line}`);
  });
  const named = async (apiVersion: string, kind: string, namespace?: string): Promise<string[]> =>
    (await kube.list<KubeObject>(apiVersion, kind, { signal, ...(namespace !== undefined && { namespace }) })).map(({ metadata }) => `${kind} ${namespace === undefined ? '' : `${namespace}/`}${metadata.name}`);
  const labels = async (): Promise<string[]> => (await kube.list<KubeNode>('v1', 'Node', { signal })).flatMap(({ metadata }) => Object.keys(metadata.labels ?? {}).map((key) => `label ${key} of Node ${metadata.name}`));
  const objects = [
    ...clusterWide.map(async ([apiVersion, kind]) => await named(apiVersion, kind)),
    ...systemNamespaces.flatMap((namespace) => inNamespaces.map(async ([apiVersion, kind]) => await named(apiVersion, kind, namespace))),
    labels(),
  ];
  return (await allDone([...nodes, ...objects])).flat().sort();
}

/** What was added and what is missing since, each as a sentence's end. */
export function differences(before: Inventory, now: Inventory): string[] {
  const [old, present] = [new Set(before), new Set(now)];
  return [...now.filter((line) => !old.has(line)).map((line) => `left: ${line}`), ...before.filter((line) => !present.has(line)).map((line) => `missing: ${line}`)];
}
