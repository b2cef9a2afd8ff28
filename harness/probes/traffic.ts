import { z } from 'zod';
import type { ExecResult } from '../../core/exec.ts';
import type { Docker } from '../docker/docker.ts';
import { echoContainer, type EchoAnswer } from '../workloads/echo.ts';
import type { NodePod } from './pods-on-node.ts';

/** An answer by an echo application, or a sentence on why there was none. */
export type Reply = { readonly answer: EchoAnswer } | { readonly failure: string };

/** One request: connecting and answering. */
const requestTimeoutSeconds = 2;
const echoAnswer: z.ZodType<EchoAnswer> = z.object({ name: z.string(), uid: z.string(), ip: z.string(), node: z.string() });
/** After the answer's body, what curl knows of it: a line of its own. */
const writeOut = String.raw`\n%{http_code} %{content_type} %header{server}`;

/**
 * Runs on the node: enters the network namespace of a container ($1) and asks for a URL ($2) with the container's own
 * DNS settings; $3 is curl's --write-out. The node's curl does it, as the workloads' static busybox cannot resolve names.
 * The settings are copied, as mount(8) would take /proc/PID/root for /.
 */
const script = `
pid=$(crictl inspect -o go-template --template '{{.info.pid}}' "$1") || exit 90
exec nsenter --target "$pid" --net unshare --mount sh -c '
  settings=$(mktemp) && cat "/proc/$1/root/etc/resolv.conf" > "$settings" && mount --bind "$settings" /etc/resolv.conf || exit 91
  rm "$settings"
  exec curl --silent --show-error --noproxy "*" --max-time ${requestTimeoutSeconds} --write-out "$3" "$2"' sh "$pid" "$2" "$3"
`;

/**
 * `GET` of a URL from inside a Pod, by its node: works while the cloud is gone.
 *
 * @param pod as `podsOn` saw it just now.
 * @param url may hold a name, which the Pod's own DNS settings resolve.
 */
export async function fetchFrom(docker: Docker, pod: NodePod | undefined, url: string, signal?: AbortSignal): Promise<Reply> {
  const container = pod?.containers.find(({ name, running }) => name === echoContainer && running);
  if (pod === undefined || container === undefined) return { failure: 'its own container does not run' };
  return readReply(url, await docker.exec(pod.node, ['sh', '-c', script, 'sh', container.id, url, writeOut], { accept: 'any', timeoutMs: 15_000, ...(signal && { signal }) }));
}

/**
 * Reads what curl said. An HTTP answer proves nothing yet: the packets for a ClusterIP that the node does not serve (yet)
 * leave the cluster by the default route, and what listens in the network out there may answer anything, with any status.
 *
 * @internal
 */
export function readReply(url: string, { code, stdout, stderr }: ExecResult): Reply {
  if (code !== 0) return { failure: `${url}: ${stderr.trim().split('\n').at(-1)?.slice(0, 200) || `exit ${code}, and no word of why`}` };
  const [, body = '', status = '', about = ''] = /^([^]*)\n(\d{3})([^\n]*)$/.exec(stdout) ?? [];
  if (status === '') return { failure: `${url}: curl ended well and said nothing of an answer: ${stdout.slice(0, 80) || '(no output)'}` };
  try {
    if (status === '200') return { answer: echoAnswer.parse(JSON.parse(body)) };
  } catch {
    // It is told below, as it came.
  }
  const from = about.trim() === '' ? '' : ` (${about.trim()})`;
  return { failure: `${url}: something else answered, no application of edgeproof: HTTP ${status}${from}, ${body === '' ? 'with an empty body' : body.slice(0, 80)}` };
}
