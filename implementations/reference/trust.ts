import { createHash } from 'node:crypto';
import { CannotTellError } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { trustWithinMs, type Generation, type InstallContext, type TunnelTrust } from '../../harness/implementation.ts';
import type { KubePod } from '../../harness/kube/objects.ts';
import { readMetric } from '../../harness/probes/metric.ts';
import { authorities } from './agent-manifests.ts';
import { agentsPairs, makeAgentsPairs, readPair } from './certificates.ts';
import { agentHealthPort, agentName, namespace, ports, serverName } from './names.ts';
import { agentsSecret } from './server-manifests.ts';

/** A file of a program, by the flag that names it, and what it must hold. */
interface Wanted {
  readonly app: string;
  readonly file: string;
  readonly sha256: string;
  readonly urlOf: (pod: KubePod) => string;
}

const everyMs = 250;
/** A kubelet brings a file to a Pod when it looks after that, about once a minute, or when the Pod changes. */
const nudgeMs = 1500;
const nudge = 'edgeproof.dev/look-at';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Rotates the authority that agents trust, as docs/tunnel.md says, without waiting for the kubelets' minute. */
export async function setTunnelTrust(context: InstallContext, { trusted, serving }: TunnelTrust): Promise<void> {
  const { folder, kube, step, signal } = context;
  await makeWhatIsMissing(folder, [...trusted, serving]);
  const caPems = await Promise.all(trusted.map(async (generation) => (await readPair(folder, agentsPairs[generation].ca)).certPem));
  const shown = await readPair(folder, agentsPairs[serving].server);
  step.detail(`agents trust ${trusted.join(' and ')}, servers show ${serving}`);
  await kube.applyAll([authorities(...caPems), agentsSecret(shown)], { signal });
  const wanted: Wanted[] = [
    { app: serverName, file: 'agents-cert', sha256: sha256(shown.certPem), urlOf: ({ status }) => `http://${status.podIP}:${ports.health}/metrics` },
    { app: agentName, file: 'ca', sha256: sha256(caPems.join('')), urlOf: () => `http://127.0.0.1:${agentHealthPort}/metrics` },
  ];
  let nudgedAt = -Infinity;
  await waitFor('the certificates in use by every server and agent', async () => {
    const lacking = (await Promise.all(wanted.map(async (one) => await podsThatLack(context, one)))).flat();
    if (lacking.length === 0) return { done: true };
    if (performance.now() - nudgedAt > nudgeMs) {
      await Promise.all(lacking.map(async (pod) => await nudgeKubelet(context, pod)));
      nudgedAt = performance.now();
    }
    return { missing: `not in use by ${lacking.map(({ metadata }) => metadata.name).join(', ')}` };
  }, { timeoutMs: trustWithinMs, everyMs, signal });
}

/** The old one is there since `prepare`; the new one is made when it is first named. */
async function makeWhatIsMissing(folder: string, named: readonly Generation[]): Promise<void> {
  if (!named.includes('new')) return;
  await readPair(folder, agentsPairs.new.server).catch(async () => await makeAgentsPairs(folder, 'new'));
}

/** The Pods of a program that work with another content of a file, or do not tell. */
async function podsThatLack({ kube, docker, signal }: InstallContext, { app, file, sha256: hash, urlOf }: Wanted): Promise<KubePod[]> {
  const pods = (await kube.list<KubePod>('v1', 'Pod', { namespace, labelSelector: `app=${app}`, signal })).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const has = async (pod: KubePod): Promise<boolean> => {
    if (pod.spec.nodeName === undefined) return false;
    try {
      return (await readMetric(docker, pod.spec.nodeName, urlOf(pod), `edge_tunnel_file_in_use{file="${file}",sha256="${hash}"}`, signal)) === 1;
    } catch (error) {
      // Another content is told, or it does not answer yet.
      if (error instanceof CannotTellError && error.code === 'NO_METRIC') return false;
      throw error;
    }
  };
  const seen = await Promise.all(pods.map(async (pod) => ({ pod, is: await has(pod) })));
  return seen.filter(({ is }) => !is).map(({ pod }) => pod);
}

async function nudgeKubelet({ kube, signal }: InstallContext, { metadata: { name } }: KubePod): Promise<void> {
  await kube.request('PATCH', `/api/v1/namespaces/${namespace}/pods/${name}`, { signal }, { metadata: { annotations: { [nudge]: new Date().toISOString() } } }, 'application/merge-patch+json');
}
