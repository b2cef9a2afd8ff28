import { X509Certificate } from 'node:crypto';
import { CannotTellError } from '../../core/errors.ts';
import type { Docker } from '../docker/docker.ts';

/** Where a kubelet keeps its client certificate and key: a link to the newest file beside it. */
export const kubeletCertificate = '/var/lib/kubelet/pki/kubelet-client-current.pem';

/** The certificate with which a node shows who it is, as its file says. */
export interface NodeCertificate {
  /** Upper-case hexadecimal. */
  readonly serialNumber: string;
  /** Milliseconds since the epoch; certificates tell whole seconds. */
  readonly endsAt: number;
}

const timeoutMs = 10_000;

/** @throws CannotTellError `NO_CERTIFICATE` when there is no such file, or something else in it */
export async function nodeCertificate(docker: Docker, node: string, signal?: AbortSignal): Promise<NodeCertificate> {
  const { stdout, stderr } = await docker.exec(node, ['cat', kubeletCertificate], { accept: 'any', timeoutMs, ...(signal && { signal }) });
  try {
    const { serialNumber, validTo } = new X509Certificate(stdout);
    return { serialNumber, endsAt: Date.parse(validTo) };
  } catch (cause) {
    throw new CannotTellError('NO_CERTIFICATE', `${node} has no certificate at ${kubeletCertificate}: ${stderr.trim() || 'the file holds something else'}`, { cause });
  }
}

const whoAmI = 'curl --silent --max-time 5 --noproxy "*" --cacert /etc/kubernetes/pki/ca.crt --cert "$1" --key "$1" --header "Content-Type: application/json" --data \'{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}\' "$(sed -n "s/^ *server: //p" /etc/kubernetes/kubelet.conf)/apis/authentication.k8s.io/v1/selfsubjectreviews"';

/** Who the API server takes a node for that comes with that certificate, asked by the node itself; what it said instead, when for nobody. */
export async function userOfNode(docker: Docker, node: string, signal?: AbortSignal): Promise<string> {
  const { stdout } = await docker.exec(node, ['sh', '-c', whoAmI, 'edgeproof', kubeletCertificate], { accept: 'any', timeoutMs, ...(signal && { signal }) });
  return /"username":\s*"([^"]+)"/.exec(stdout)?.[1] ?? `nobody (${stdout.trim().slice(0, 200)})`;
}
