import type { Docker } from '../docker/docker.ts';
import { echoContainer, type EchoAnswer } from '../workloads/echo.ts';
import type { NodePod } from './pods-on-node.ts';

/** An answer by an echo application, or a sentence on why there was none. */
export type Reply = { readonly answer: EchoAnswer } | { readonly failure: string };

/** One request: connecting and answering. */
const requestTimeoutSeconds = 2;

/**
 * Runs on the node: enters the network namespace of a container ($1) and asks for a URL ($2) with the container's own
 * DNS settings. The node's curl does it, as the workloads' static busybox cannot resolve names. The settings are copied,
 * as mount(8) would take /proc/PID/root for /.
 */
const script = `
pid=$(crictl inspect -o go-template --template '{{.info.pid}}' "$1") || exit 90
exec nsenter --target "$pid" --net unshare --mount sh -c '
  settings=$(mktemp) && cat "/proc/$1/root/etc/resolv.conf" > "$settings" && mount --bind "$settings" /etc/resolv.conf || exit 91
  rm "$settings"
  exec curl --silent --show-error --noproxy "*" --max-time ${requestTimeoutSeconds} "$2"' sh "$pid" "$2"
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
  const { code, stdout, stderr } = await docker.exec(pod.node, ['sh', '-c', script, 'sh', container.id, url], { accept: 'any', timeoutMs: 15_000, ...(signal && { signal }) });
  if (code !== 0) return { failure: stderr.trim().split('\n').at(-1)?.slice(0, 200) || `exit ${code}` };
  try {
    return { answer: JSON.parse(stdout) as EchoAnswer };
  } catch {
    return { failure: `something else answered: ${stdout.slice(0, 80)}` };
  }
}
