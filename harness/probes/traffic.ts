import { z } from 'zod';
import type { ExecResult } from '../../core/exec.ts';
import type { Docker } from '../docker/docker.ts';
import { echoContainer, type EchoAnswer } from '../workloads/echo.ts';
import type { NodePod } from './pods-on-node.ts';

/** An answer by an echo application, or a sentence on why there was none. */
export type Reply = { readonly answer: EchoAnswer } | { readonly failure: string };

/** A reply, and when it was there, by the node's clock, which is its host's. Milliseconds since the epoch. */
export type TimedReply = Reply & { readonly at: number };

/** One request: connecting and answering. */
const requestTimeoutSeconds = 2;
const echoAnswer: z.ZodType<EchoAnswer> = z.object({ name: z.string(), uid: z.string(), ip: z.string(), node: z.string() });
/** After the answer's body, what curl knows of it: a line of its own. */
const writeOut = String.raw`\n%{http_code} %{content_type} %header{server}`;
/** Between the parts of what is told of a request, and after each request. No application's answer has them. */
const [partEnd, requestEnd] = ['\u001f', '\u001e'];

/**
 * Runs on the node: enters the network namespace of a container ($1) and asks for URLs ($3…), all at the same time, with the
 * container's own DNS settings; $2 is curl's --write-out. The node's curl does it, as the workloads' static busybox cannot resolve names.
 * The settings are copied, as mount(8) would take /proc/PID/root for /. Of each request in its turn it tells curl's exit
 * code, when it ended, and what it said.
 */
const script = `
pid=$(crictl inspect -o go-template --template '{{.info.pid}}' "$1") || exit 90
shift
exec nsenter --target "$pid" --net unshare --mount sh -c '
  said=$(mktemp -d) && cat "/proc/$1/root/etc/resolv.conf" > "$said/resolv.conf" && mount --bind "$said/resolv.conf" /etc/resolv.conf || exit 91
  writeOut=$2
  shift 2
  ask() {
    curl --silent --show-error --noproxy "*" --max-time ${requestTimeoutSeconds} --write-out "$writeOut" "$1" > "$2.out" 2> "$2.err"
    printf "%s${partEnd}%s${partEnd}" $? "$(date +%s%3N)" > "$2.end"
  }
  for url; do n=$((n + 1)); ask "$url" "$said/$n" & done
  wait
  for one in $(seq "$n"); do cat "$said/$one.end" "$said/$one.out"; printf "${partEnd}"; cat "$said/$one.err"; printf "${requestEnd}"; done
  rm -r "$said"' sh "$pid" "$@"
`;

/**
 * `GET` of URLs from inside a Pod, by its node: works while the cloud is gone.
 *
 * @param pod as `podsOn` saw it just now.
 * @param urls may hold names, which the Pod's own DNS settings resolve.
 * @returns a reply to each, in their order
 */
export async function fetchAllFrom(docker: Docker, pod: NodePod | undefined, urls: readonly string[], signal?: AbortSignal): Promise<TimedReply[]> {
  const container = pod?.containers.find(({ name, running }) => name === echoContainer && running);
  const allFailed = (why: string): TimedReply[] => urls.map(() => ({ failure: why, at: Date.now() }));
  if (pod === undefined || container === undefined) return allFailed('its own container does not run');
  const { code, stdout, stderr } = await docker.exec(pod.node, ['sh', '-c', script, 'sh', container.id, writeOut, ...urls], { accept: 'any', timeoutMs: 15_000, ...(signal && { signal }) });
  const told = stdout.split(requestEnd).slice(0, -1);
  if (told.length !== urls.length) return allFailed(`its node could not ask from its network: exit ${code}: ${stderr.trim().slice(-200) || 'no word of why'}`);
  return told.map((one, index) => {
    const [exit = '', at = '', out = '', err = ''] = one.split(partEnd);
    return { ...readReply(urls[index]!, { code: Number(exit), stdout: out, stderr: err }), at: Number(at) };
  });
}

/** As `fetchAllFrom`, of one URL. */
export async function fetchFrom(docker: Docker, pod: NodePod | undefined, url: string, signal?: AbortSignal): Promise<Reply> {
  const [reply] = await fetchAllFrom(docker, pod, [url], signal);
  return reply!;
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
