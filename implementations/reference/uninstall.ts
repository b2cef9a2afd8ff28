import { waitFor } from '../../core/wait.ts';
import { metricsServerDeployment } from '../../harness/cluster/metrics-server.ts';
import { controlPlaneOf } from '../../harness/cluster/state.ts';
import type { InstallContext } from '../../harness/implementation.ts';
import type { KubePod } from '../../harness/kube/objects.ts';
import { removeEdges } from './edges.ts';
import { metricsSecret } from './metrics-manifests.ts';
import { agentName, namespace, serverName } from './names.ts';

const apiserverManifest = '/etc/kubernetes/manifests/kube-apiserver.yaml';
const apiserverTimeoutMs = 120_000;
const endWithinSeconds = 5;

/** Nodes and the API server dial by themselves again, metrics-server too, and nothing of the hubs and the tunnel is left. */
export async function uninstall(context: InstallContext): Promise<void> {
  const { cluster, docker, kube, step, signal } = context;
  await removeEdges(context);
  const controlPlane = controlPlaneOf(cluster);
  step.detail('taking the egress configuration from the API server');
  // First: with the configuration and without servers it would reach no node at all. The kubelet restarts it when its file changes.
  await docker.exec(controlPlane.name, ['sed', '-i', '/--egress-selector-config-file=/d', apiserverManifest], { signal });
  await waitFor('the API server without an egress configuration', async (look) => {
    const { stdout } = await docker.exec(controlPlane.name, ['pgrep', '-af', 'kube-apiserver'], { accept: 'any', signal: look });
    if (stdout.trim() === '' || stdout.includes('--egress-selector-config-file')) return { missing: 'the old one still runs, or none does' };
    await kube.request('GET', '/readyz', { signal: look, timeoutMs: 3000 });
    return { done: true };
  }, { timeoutMs: apiserverTimeoutMs, everyMs: 1000, signal });
  step.detail('removing the tunnel');
  await kube.apply(metricsServerDeployment(cluster.topology), { signal });
  await kube.delete('v1', 'Secret', metricsSecret.name, { namespace: metricsSecret.namespace, signal });
  for (const kind of ['ClusterRoleBinding', 'ClusterRole']) await kube.delete('rbac.authorization.k8s.io/v1', kind, serverName, { signal });
  // Before their namespace: that is looked at again only after half of what its Pods may take to end, and a server may take minutes (seen: 166 s).
  for (const [kind, name] of [['DaemonSet', agentName], ['Deployment', serverName]] as const) await kube.delete('apps/v1', kind, name, { namespace, signal });
  // A server that is stopped goes on for ten minutes with what it carries, for a successor; here there is none.
  const old = await kube.list<KubePod>('v1', 'Pod', { namespace, signal });
  await Promise.all(old.map(async ({ metadata }) => await kube.delete('v1', 'Pod', metadata.name, { namespace, graceSeconds: endWithinSeconds, signal })));
  await waitFor('the tunnel\'s Pods gone', async (look) => {
    const pods = await kube.list<KubePod>('v1', 'Pod', { namespace, signal: look });
    return pods.length === 0 ? { done: true } : { missing: `${pods.map(({ metadata }) => metadata.name).join(', ')} are still there` };
  }, { timeoutMs: apiserverTimeoutMs, everyMs: 1000, signal });
  await kube.delete('v1', 'Namespace', namespace, { signal });
  await waitFor(`namespace ${namespace} gone`, async (look) => {
    const left = await kube.find('v1', 'Namespace', namespace, { signal: look });
    return left === undefined ? { done: true } : { missing: 'it is still terminating' };
  }, { timeoutMs: apiserverTimeoutMs, everyMs: 1000, signal });
}
