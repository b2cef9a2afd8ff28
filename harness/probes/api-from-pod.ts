import type { ExecResult } from '../../core/exec.ts';
import type { Docker } from '../docker/docker.ts';
import { echoContainer } from '../workloads/echo.ts';
import type { NodePod } from './pods-on-node.ts';

/** What the API server, or whatever a node has in its place, answered to a client in a Pod. */
export interface ApiAnswer {
  readonly status: number;
  /** JSON, as far as it is that. */
  readonly body: unknown;
}

/** An answer, or a sentence on why there was none. */
export type ApiReply = { readonly answer: ApiAnswer } | { readonly failure: string };

/** Longer than a server may take to find that it is cut off. */
const requestTimeoutSeconds = 12;

/**
 * Runs on the node: as a client with a plain in-cluster config would, in the network of a container ($1), with the address in its
 * environment, the authorities and the token that are mounted in it. The node's curl does it, as the workloads' image has no TLS. The token goes
 * through a pipe: what is in arguments, any process may read.
 */
const script = `
pid=$(crictl inspect -o go-template --template '{{.info.pid}}' "$1") || exit 90
account=/proc/$pid/root/var/run/secrets/kubernetes.io/serviceaccount
of() { tr '\\0' '\\n' < "/proc/$pid/environ" | sed -n "s/^$1=//p"; }
url=https://$(of KUBERNETES_SERVICE_HOST):$(of KUBERNETES_SERVICE_PORT)$2
{ printf 'Authorization: Bearer '; cat "$account/token"; } |
  nsenter --target "$pid" --net curl --silent --show-error --noproxy '*' --max-time ${requestTimeoutSeconds} --cacert "$account/ca.crt" --header @- --write-out '\\n%{http_code}' "$url"
`;

/**
 * `GET` of a path of the API from inside a Pod, with TLS verified.
 *
 * @param pod as `podsOn` saw it just now.
 */
export async function askApiFrom(docker: Docker, pod: NodePod | undefined, path: string, signal?: AbortSignal): Promise<ApiReply> {
  const container = pod?.containers.find(({ name, running }) => name === echoContainer && running);
  if (pod === undefined || container === undefined) return { failure: 'its own container does not run' };
  return readApiReply(await docker.exec(pod.node, ['sh', '-c', script, 'sh', container.id, path], { accept: 'any', timeoutMs: (requestTimeoutSeconds + 8) * 1000, ...(signal && { signal }) }));
}

/** @internal Reads what curl said. */
export function readApiReply({ code, stdout, stderr }: ExecResult): ApiReply {
  if (code !== 0) return { failure: stderr.trim().split('\n').at(-1)?.slice(0, 200) || `exit ${code}, and no word of why` };
  const [, text = '', status] = /^([^]*)\n(\d{3})$/.exec(stdout) ?? [];
  if (status === undefined) return { failure: `curl ended well and said nothing of an answer: ${stdout.slice(0, 80) || '(no output)'}` };
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // It is told as it came.
  }
  return { answer: { status: Number(status), body } };
}

/** The names of a list's items, sorted; undefined for what is no list. */
export function namesOf({ status, body }: ApiAnswer): string[] | undefined {
  if (status !== 200 || typeof body !== 'object' || body === null || !('items' in body) || !Array.isArray(body.items)) return undefined;
  return (body.items as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name).sort();
}

/** A few words on an answer that was not what was asked for. */
export function describeApiAnswer({ status, body }: ApiAnswer): string {
  const message = typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : '';
  return `HTTP ${status}${message === '' ? '' : ` (${message.slice(0, 160)})`}`;
}
