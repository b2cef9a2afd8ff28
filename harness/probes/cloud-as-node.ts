import { controlPlaneOf, type ClusterState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import { apiserver } from '../wan/services.ts';

/** Where a kubelet keeps its client certificate and key: a link to the newest file beside it. */
export const kubeletCertificate = '/var/lib/kubelet/pki/kubelet-client-current.pem';

const timeoutMs = 10_000;

/**
 * Asks the cloud's API server from a node, over its WAN, with its kubelet's certificate: not by its kubelet's configuration, for an implementation may have pointed
 * that at something on the node.
 *
 * @param body JSON to POST. Default: a GET.
 * @returns the status, `000` for no answer, and what was said
 */
export async function askCloudAsNode({ docker, cluster, signal }: { readonly docker: Docker; readonly cluster: Pick<ClusterState, 'nodes'>; readonly signal?: AbortSignal }, node: string, path: string, body?: string): Promise<{ readonly status: string; readonly said: string }> {
  const { stdout } = await docker.exec(node, [
    'curl', '--silent', '--max-time', '5', '--noproxy', '*', '--cacert', '/etc/kubernetes/pki/ca.crt', '--cert', kubeletCertificate, '--key', kubeletCertificate, '--write-out', '\n%{http_code}',
    ...(body === undefined ? [] : ['--header', 'Content-Type: application/json', '--data', body]),
    `https://${controlPlaneOf(cluster).address}:${apiserver.port}${path}`,
  ], { accept: 'any', timeoutMs, ...(signal && { signal }) });
  const end = stdout.lastIndexOf('\n');
  return { status: stdout.slice(end + 1).trim(), said: stdout.slice(0, Math.max(0, end)) };
}
