import { CannotTellError } from '../../core/errors.ts';
import { parentVariable } from '../../core/process.ts';
import type { Docker } from '../docker/docker.ts';
import type { NodePod } from './pods-on-node.ts';

const timeoutMs = 10_000;

/**
 * Stops every process of some containers, and sees that they stand still; prints their PIDs. They go on after a while by the node's own
 * doing, whatever becomes of who has asked: who stops them and lets them go on is of no
 * group that is ended with him, and does not say whose it is. Arguments: seconds, then the containers.
 */
const stopScript = `
set -e
seconds=$1; shift
pids=
for id in "$@"; do
  first=$(crictl inspect --output go-template --template '{{.info.pid}}' "$id")
  namespace=$(readlink "/proc/$first/ns/pid")
  if [ -z "$namespace" ] || [ "$namespace" = "$(readlink /proc/self/ns/pid)" ]; then pids="$pids $first"; continue; fi
  for process in /proc/[0-9]*; do
    if [ "$(readlink "$process/ns/pid")" = "$namespace" ]; then pids="$pids \${process#/proc/}"; fi
  done
done
setsid env -u ${parentVariable} sh -c 'seconds=$1; shift; kill -STOP "$@"; sleep "$seconds"; kill -CONT "$@"' edgeproof "$seconds" $pids >/dev/null 2>&1 &
for pid in $pids; do
  until grep -q '^State:.T' "/proc/$pid/status"; do [ -d "/proc/$pid" ]; sleep 0.01; done
done
echo $pids`;

/**
 * Lets something be done while no process of a Pod runs: what does not come to pass meanwhile needs that Pod, and what does, does not.
 *
 * @param work must be done within `atMostMs`, counted from before the Pod stands still
 * @throws CannotTellError `NO_PROCESS`, `STOPPED_TOO_SHORT` when the work took longer; what the work throws; ExecError
 */
export async function whileStopped<T>(docker: Docker, { name, node, containers }: NodePod, work: () => Promise<T>, { atMostMs, signal }: { readonly atMostMs: number; readonly signal?: AbortSignal }): Promise<T> {
  const ids = containers.filter(({ running }) => running).map(({ id }) => id);
  if (ids.length === 0) throw new CannotTellError('NO_PROCESS', `${name} on ${node} runs no container`);
  const startedAt = performance.now();
  const { stdout } = await docker.exec(node, ['sh', '-c', stopScript, 'edgeproof', String(atMostMs / 1000), ...ids], { timeoutMs, ...(signal && { signal }) });
  let result: T;
  let tookMs: number;
  try {
    result = await work();
    tookMs = performance.now() - startedAt;
  } finally {
    // Clean-up: it does not hear the abort. One that has ended meanwhile needs nothing.
    await docker.exec(node, ['kill', '-CONT', ...stdout.trim().split(' ')], { timeoutMs, accept: 'any' });
  }
  if (tookMs > atMostMs) throw new CannotTellError('STOPPED_TOO_SHORT', `what was to be done while ${name} stood still took ${Math.round(tookMs)} ms, and it does for ${atMostMs} ms at most`, { next: 'run it again on a machine that is less busy' });
  return result;
}
