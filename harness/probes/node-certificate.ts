import { X509Certificate } from 'node:crypto';
import { CannotTellError } from '../../core/errors.ts';
import type { ClusterState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import { askCloudAsNode, kubeletCertificate } from './cloud-as-node.ts';

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

const review = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });

/** Who the API server takes a node for that comes with that certificate, asked by the node itself; what it said instead, when for nobody. */
export async function userOfNode(docker: Docker, cluster: Pick<ClusterState, 'nodes'>, node: string, signal?: AbortSignal): Promise<string> {
  const { said } = await askCloudAsNode({ docker, cluster, ...(signal && { signal }) }, node, '/apis/authentication.k8s.io/v1/selfsubjectreviews', review);
  return /"username":\s*"([^"]+)"/.exec(said)?.[1] ?? `nobody (${said.trim().slice(0, 200)})`;
}
