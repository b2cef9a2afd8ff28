import { cryptoProvider, Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '../../core/x509.ts';
import { waitFor, type WaitOptions } from '../../core/wait.ts';
import type { ClusterState, NodeState } from '../cluster/state.ts';
import type { KubeClient } from './client.ts';
import type { Condition, KubeObject } from './objects.ts';

const api = 'certificates.k8s.io/v1';
const kind = 'CertificateSigningRequest';
const signerName = 'kubernetes.io/kubelet-serving';
const group = 'system:nodes';
const userPrefix = 'system:node:';

/** The first two are asked for with every key; the third only with RSA keys. */
const neededUsages = ['digital signature', 'server auth'];
const allowedUsages = [...neededUsages, 'key encipherment'];

export interface SigningRequest extends KubeObject {
  spec: {
    /** The PEM text of a PKCS #10 request, in base64. */
    request: string;
    signerName: string;
    username?: string;
    groups?: string[];
    usages?: string[];
  };
  status: { conditions?: Condition[]; certificate?: string };
}

/** What a certificate may name: of a node as the harness knows it, for what the API says of its addresses comes from itself. */
export type KnownNode = Pick<NodeState, 'name' | 'address'>;

/**
 * Why a kubelet's request for a serving certificate must not be approved: it may name its own node, by name and address, and
 * nothing else. Kubernetes' signer sees to the form, but lets any node name any other.
 *
 * @returns a sentence; undefined for a request that is as it should be
 */
export async function servingRequestProblem({ spec }: SigningRequest, nodes: readonly KnownNode[]): Promise<string | undefined> {
  if (spec.signerName !== signerName) return `it is for the signer ${spec.signerName}`;
  const { username = '', groups = [], usages = [] } = spec;
  const node = nodes.find(({ name }) => username === `${userPrefix}${name}`);
  if (node === undefined) return `${username || 'nobody'}, who asks for it, is no node of this cluster`;
  if (!groups.includes(group)) return `${username} is not in the group ${group}`;
  const lacking = neededUsages.filter((usage) => !usages.includes(usage));
  const strange = usages.filter((usage) => !allowedUsages.includes(usage));
  if (lacking.length + strange.length > 0) return `its usages are ${usages.join(', ') || 'none'}`;
  let request: Pkcs10CertificateRequest;
  let names: readonly { readonly type: string; readonly value: string }[] | undefined;
  try {
    request = new Pkcs10CertificateRequest(Buffer.from(spec.request, 'base64').toString());
    if (!(await request.verify(cryptoProvider.get()))) return 'it is not signed by the key that it is for';
    names = requestedNames(request);
  } catch (error) {
    return `it cannot be read: ${(error as Error).message}`;
  }
  const subject = request.subjectName.toJSON().flatMap((part) => Object.entries(part).flatMap(([type, values]) => values.map((value) => `${type}=${value}`)));
  if (subject.sort().join(',') !== `CN=${username},O=${group}`) return `its subject is ${request.subject}`;
  if (names === undefined || names.length === 0) return 'it names no host';
  const others = names.filter(({ type, value }) => !((type === 'dns' && value === node.name) || (type === 'ip' && value === node.address)));
  return others.length === 0 ? undefined : `it names ${others.map(({ type, value }) => `${type} ${value}`).join(', ')}, and its node is ${node.name} at ${node.address}`;
}

const extensionRequest = '1.2.840.113549.1.9.14'; // RFC 2985, 5.4.2
const subjectAlternativeName = '2.5.29.17';

/** Of several lists of names, the signer might read another than this does. */
function requestedNames(request: Pkcs10CertificateRequest): SubjectAlternativeNameExtension['names']['items'] | undefined {
  const lists = request.getExtensions(subjectAlternativeName);
  if (request.getAttributes(extensionRequest).length > 1 || lists.length > 1) throw new Error('it has more than one list of names');
  const [list] = lists;
  if (list === undefined) return undefined;
  return new SubjectAlternativeNameExtension(list.rawData).names.items;
}

/**
 * Approves what the kubelets of a cluster with `serverTLSBootstrap: true` ask for, until each has its serving certificate. What
 * is not as it should be stays as it is. Kubernetes forgets approved requests after an hour: call this right after the boot, or
 * after a node was added.
 *
 * @throws WaitTimeoutError saying which nodes have none, and what was wrong with their requests
 */
export async function approveKubeletServing(kube: Pick<KubeClient, 'list' | 'request'>, cluster: Pick<ClusterState, 'name' | 'nodes'>, options: WaitOptions): Promise<void> {
  await waitFor(`the serving certificates of the kubelets of cluster ${cluster.name}`, async (signal) => {
    const requests = (await kube.list<SigningRequest>(api, kind, { fieldSelector: `spec.signerName=${signerName}`, signal })).map((request) => ({ ...request, status: request.status ?? {} }));
    const problems: string[] = [];
    for (const request of requests.filter(({ status }) => status.certificate === undefined && !(status.conditions ?? []).length)) {
      const problem = await servingRequestProblem(request, cluster.nodes);
      if (problem === undefined) await approve(kube, request, signal);
      else problems.push(`${request.metadata.name}: ${problem}`);
    }
    const served = new Set(requests.filter(({ status }) => status.certificate !== undefined).map(({ spec }) => spec.username));
    const missing = cluster.nodes.filter(({ name }) => !served.has(`${userPrefix}${name}`)).map(({ name }) => `${name} has none`);
    return missing.length === 0 ? { done: undefined } : { missing: [...missing, ...problems].join('; ') };
  }, options);
}

async function approve(kube: Pick<KubeClient, 'request'>, request: SigningRequest, signal: AbortSignal): Promise<void> {
  const { name, resourceVersion } = request.metadata;
  const approved = { type: 'Approved', status: 'True', reason: 'EdgeproofKubeletServing', message: 'It names its own node, and nothing else.' };
  // With the version that was looked at: another request may have taken its name.
  const patch = { metadata: { resourceVersion }, status: { conditions: [...(request.status.conditions ?? []), approved] } };
  await kube.request('PATCH', `/apis/${api}/certificatesigningrequests/${name}/approval`, { signal }, patch, 'application/merge-patch+json');
}
