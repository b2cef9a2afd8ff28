import { CannotTellError } from '../../core/errors.ts';
import type { Step } from '../../core/progress.ts';
import { waitFor } from '../../core/wait.ts';
import { pinAddress } from '../../harness/docker/pin-address.ts';
import { isReady, type KubeNode } from '../../harness/kube/objects.ts';
import { isRunning, podsOn, type NodePod } from '../../harness/probes/pods-on-node.ts';
import { fetchFrom } from '../../harness/probes/traffic.ts';
import { defaultPort, echoContainer } from '../../harness/workloads/echo.ts';
import { cutOff, setLink } from './link.ts';
import { who, type Pair, type Part, type Who } from './place.ts';
import { podsAt, scalePods } from './workload.ts';

export interface RestartOptions {
  readonly rounds: number;
  /** On each node, beside the node's own. */
  readonly pods: number;
}

export interface Restart {
  readonly who: Who;
  readonly round: number;
  /** From the start of the node's PID 1 until the last of the Pods was Ready. Milliseconds. */
  readonly readyMs: number;
  /** The same of the first. */
  readonly firstMs: number;
}

const runAgainWithinMs = 180_000;
const wholeWithinMs = 180_000;

/** The plain node restarts with the cloud there, the one with the hub without it; in turns, and each round begins with another one. */
export const measureRestarts: Part<RestartOptions, Restart[]> = async (pair, { rounds, pods }, step) => {
  await scalePods(pair, pods);
  const seen: Restart[] = [];
  for (let round = 1; round <= rounds; round++) for (const one of round % 2 === 1 ? who : [...who].reverse()) {
    const detail = (text: string): void => step.detail(`round ${round} of ${rounds}, ${one === 'hub' ? 'cut off, with a hub' : 'connected, plain'}: ${text}`);
    const took = await restartOnce(pair, one, detail);
    seen.push({ who: one, round, ...took });
    await whole(pair, one, detail);
  }
  return seen;
};

async function restartOnce(pair: Pair, one: Who, detail: Step['detail']): Promise<Pick<Restart, 'readyMs' | 'firstMs'>> {
  const { docker, cluster, signal } = pair;
  const node = pair[one];
  const uids = new Set((await podsAt(pair, one, signal)).map(({ metadata }) => metadata.uid ?? ''));
  const ours = (all: readonly NodePod[]): NodePod[] => all.filter(({ uid }) => uids.has(uid));
  const before = new Set(ours(await podsOn(docker, node.name, signal)).flatMap(({ containers }) => containers.map(({ id }) => id)));
  await using _shut = one === 'hub' ? await cutOff(pair) : undefined;
  detail('restarting');
  await docker.run(['stop', '--time', '10', node.name], { timeoutMs: 60_000 });
  await pinAddress(docker, cluster.network.name, node, signal);
  await docker.run(['start', node.name], { timeoutMs: 60_000, signal });
  const bootedAt = Date.parse((await docker.inspect(node.name, signal)).State.StartedAt);
  const again = await waitFor(`${uids.size} Pods running again on ${node.name}`, async (look) => {
    const now = ours(await podsOn(docker, node.name, look)).filter((pod) => isRunning(pod, [echoContainer]) && !pod.containers.some(({ id }) => before.has(id)));
    detail(`${now.length} of ${uids.size} Pods run`);
    return now.length === uids.size ? { done: now } : { missing: `${now.length} of ${uids.size} do` };
  }, { timeoutMs: runAgainWithinMs, everyMs: 500, signal });
  await allAnswer(pair, again);
  const starts = await startsOf(pair, node.name, again.flatMap(({ containers }) => containers.filter(({ running }) => running).map(({ id }) => id)));
  return { readyMs: Math.max(...starts) - bootedAt, firstMs: Math.min(...starts) - bootedAt };
}

/** They have no readiness probe: Ready is who has been started. That this is true of each is asked of it. */
async function allAnswer({ docker, signal }: Pair, pods: readonly NodePod[]): Promise<void> {
  for (const pod of pods) await waitFor(`an answer of ${pod.name}`, async (look) => {
    const reply = await fetchFrom(docker, pod, `http://127.0.0.1:${defaultPort}/`, look);
    return 'answer' in reply ? { done: true } : { missing: reply.failure };
  }, { timeoutMs: 10_000, signal });
}

/** RFC 3339, or as the runtime's interface has it, nanoseconds since 1970. @internal */
export const startOf = (text: string): number => (/^\d+$/.test(text.trim()) ? Number(text.trim()) / 1e6 : Date.parse(text.trim()));

const startsScript = `
set -e
for container; do crictl inspect --output go-template --template '{{.status.startedAt}}' "$container"; echo; done
`;

/** When containers were started, as their runtime has it: milliseconds since 1970. @throws CannotTellError `BENCH_FAILED` */
async function startsOf({ docker, signal }: Pair, node: string, ids: readonly string[]): Promise<number[]> {
  const { stdout } = await docker.exec(node, ['sh', '-c', startsScript, 'edgeproof', ...ids], { timeoutMs: 30_000, signal });
  const starts = stdout.split('\n').filter((line) => line.trim() !== '').map(startOf);
  if (starts.length !== ids.length || starts.some(Number.isNaN)) throw new CannotTellError('BENCH_FAILED', `${node} does not say when its containers were started: ${stdout.trim().slice(0, 300)}`);
  return starts;
}

/** Waits until the cloud knows a node and its Pods to be Ready, so that the next round starts from where this one did. */
async function whole(pair: Pair, one: Who, detail: Step['detail']): Promise<void> {
  const { kube, signal } = pair;
  if (one === 'hub') await setLink(pair, true);
  detail('waiting until the cloud has it Ready');
  // A status may be of before the restart: the node's is true once its kubelet has renewed it.
  const since = Date.now();
  await waitFor(`${pair[one].name} and its Pods Ready`, async (look) => {
    const [node, pods] = await Promise.all([kube.get<KubeNode & { status: { conditions?: { lastHeartbeatTime?: string }[] } }>('v1', 'Node', pair[one].name, { signal: look }), podsAt(pair, one, look)]);
    if (!isReady(node)) return { missing: 'the node is not Ready' };
    const waiting = pods.filter((pod) => !isReady(pod)).length;
    return waiting === 0 && Date.now() - since > settleMs ? { done: true } : { missing: `${waiting} of its Pods are not Ready, or became so just now` };
  }, { timeoutMs: wholeWithinMs, everyMs: 1000, signal });
}

/** What a node still does after its Pods are Ready (images counted, statuses told) is over by then. Milliseconds. */
const settleMs = 10_000;
