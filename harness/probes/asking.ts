import { randomBytes } from 'node:crypto';
import { CannotTellError } from '../../core/errors.ts';
import { parentVariable } from '../../core/process.ts';
import type { Docker } from '../docker/docker.ts';
import { echoContainer } from '../workloads/echo.ts';
import type { NodePod } from './pods-on-node.ts';
import type { Sample } from './samples.ts';

/** Who is asked: an echo application, by one of its addresses. */
export interface Asked {
  readonly url: string;
  /** Of the Pod that must answer. */
  readonly uid: string;
}

/** What became of the questions so far. */
export interface Answers {
  readonly asked: number;
  /** Of those that were answered. */
  readonly slowestSeconds: number;
  /** Those that nobody, or somebody else, answered: each a line with its time and why. */
  readonly missed: readonly string[];
  /** Each question, by its end. */
  readonly samples?: readonly Sample[];
}

/** Questions that one Pod asks again and again. */
export interface Asking {
  /** @throws CannotTellError `NOT_ASKING` when there was a gap in them; ExecError when the node does not answer */
  look(signal?: AbortSignal): Promise<Answers>;
  /** Ends it, and removes what it has written. */
  stop(signal?: AbortSignal): Promise<void>;
}

const timeoutMs = 10_000;
/**
 * The kernel connects, so only a network or a Pod that is gone keeps it from that. The application answers when it has the processor: on a machine with 33 processes in
 * the queue of its two, applications of nodes that nothing was done to were seen to take 5 s for it.
 */
const connectSeconds = 2;
const answerSeconds = 10;
const pauseSeconds = 0.5;
/** Each line has the time of its question's end. */
const longestGapSeconds = 3 * answerSeconds;

/**
 * Asks all URLs in turns, in the network of a container, until its record is removed or its time is over; a line for each answer, or why there
 * was none. The UID that must be in the answer comes as the URL's fragment, which curl keeps to itself.
 */
const loop = `
record=$1; end=$(($(date +%s) + $2)); shift 2
exec 3>>"$record"
while [ -e "$record" ] && [ "$(date +%s)" -lt "$end" ]; do
  for url in "$@"; do
    answer=$(curl --silent --show-error --noproxy "*" --connect-timeout ${connectSeconds} --max-time ${answerSeconds} --write-out "\\n%{time_total}" "$url" 2>&1 | head -c 400 | tr "\\n" " ")
    case $answer in
      *"$(printf %s "\${url#*#}")"*) echo "$(date +%s) answered \${answer##* }" ;;
      *) echo "$(date +%s) \${url%%#*}: $answer" ;;
    esac >&3
  done
  sleep ${pauseSeconds}
done`;

/** Arguments: the container, the record, seconds, the loop, then the URLs. Who asks is of nobody's group: it goes on when whoever has begun it has ended. */
const startScript = `
set -e
pid=$(crictl inspect --output go-template --template '{{.info.pid}}' "$1")
record=$2; seconds=$3; loop=$4; shift 4
: > "$record"
setsid env -u ${parentVariable} nsenter --target "$pid" --net sh -c "$loop" edgeproof "$record" "$seconds" "$@" >/dev/null 2>&1 3>&- </dev/null &`;

/**
 * Lets a Pod ask others again and again, by its node alone: no look from outside is needed for any of it, and none can be missed.
 *
 * @param pod as `podsOn` saw it just now
 * @param options.atMostMs it ends by itself then, also when nobody stops it
 * @throws CannotTellError `NO_CONTAINER`; ExecError when the node does not answer
 */
export async function startAsking(docker: Docker, pod: NodePod, asked: readonly Asked[], options: { readonly atMostMs: number; readonly signal?: AbortSignal }): Promise<Asking> {
  const container = pod.containers.find(({ name, running }) => name === echoContainer && running);
  if (container === undefined) throw new CannotTellError('NO_CONTAINER', `${pod.namespace}/${pod.name} on ${pod.node} does not run`);
  const record = `/tmp/edgeproof-asking-${randomBytes(4).toString('hex')}`;
  const call = (signal?: AbortSignal) => ({ timeoutMs, ...(signal && { signal }) });
  await docker.exec(pod.node, ['sh', '-c', startScript, 'edgeproof', container.id, record, String(Math.ceil(options.atMostMs / 1000)), loop, ...asked.map(({ url, uid }) => `${url}#${uid}`)], call(options.signal));
  const startedAt = Math.floor(Date.now() / 1000);
  return {
    look: async (signal) => {
      const { stdout } = await docker.exec(pod.node, ['sh', '-c', 'cat "$1" && date +%s', 'edgeproof', record], call(signal));
      return { ...readAnswers(stdout, startedAt), samples: samplesOfAnswers(stdout) };
    },
    stop: async (signal) => { await docker.exec(pod.node, ['rm', '-f', record], call(signal)); },
  };
}

/** @internal Reads a record, with the node's time below it. @param startedAt seconds since the epoch @throws CannotTellError `NOT_ASKING` */
export function readAnswers(text: string, startedAt: number): Answers {
  const lines = text.trim().split('\n');
  const times = [startedAt, ...lines.map((line) => Number(line.split(' ', 1)[0]))];
  const gap = Math.max(...times.slice(1).map((time, index) => time - times[index]!));
  const answers = lines.slice(0, -1);
  if (answers.length === 0 || gap > longestGapSeconds) throw new CannotTellError('NOT_ASKING', `of ${answers.length} questions none was asked for ${gap} s, so whether all would have been answered cannot be told`);
  const answered = answers.flatMap((line) => /^\d+ answered ([\d.]+)$/.exec(line)?.[1] ?? []);
  const missed = answers.filter((line) => !/^\d+ answered [\d.]+$/.test(line)).map((line) => line.trim().replace(/^\d+/, (seconds) => new Date(Number(seconds) * 1000).toISOString()));
  return { asked: answers.length, slowestSeconds: Math.max(0, ...answered.map(Number)), missed };
}

/** @internal Each line of a record but the node's time below it. */
export function samplesOfAnswers(text: string): Sample[] {
  return text.trim().split('\n').slice(0, -1).map((line): Sample => {
    const [, seconds, took, why] = /^(\d+) (?:answered ([\d.]+)|(.*))$/.exec(line) ?? [];
    const at = Number(seconds) * 1000;
    return took === undefined ? { at, why: why ?? line } : { at, ms: Number(took) * 1000 };
  });
}
