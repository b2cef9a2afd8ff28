import { describeError } from '../../core/errors.ts';
import type { Docker } from '../docker/docker.ts';
import { mergeRepeats, type Happening } from './happening.ts';
import { JournalWords } from './journal-words.ts';

export interface JournalOptions {
  /** Read from here on, in milliseconds since the epoch. */
  readonly since: number;
  /** Services beside the kubelet and containerd, each with its suffix. */
  readonly units?: readonly string[];
  /** Whether a namespace is somebody else's at a moment: what happens to its Pods is left out. */
  readonly isForeign?: (namespace: string, at: number) => boolean;
  readonly timeoutMs: number;
}

export interface JournalLook {
  readonly happenings: readonly Happening[];
  readonly gaps: readonly string[];
}

/** Enough for a node that boots and has no cloud, whose kubelet says twenty lines in a second. */
const mostBytes = 400_000;

/** What may be worth a sentence. Read on the node, as most lines are not; `journal-words.ts` decides. */
const telling = [
  'systemd\\[1\\]:',
  'level=(error|fatal)', 'RunPodSandbox for .* returns', 'returns container id', 'StartContainer for .* returns', 'exit event', 'StopContainer for .* with timeout', 'fs change event', 'StopPodSandbox for .* returns',
  'kubelet\\[[0-9]+\\]: [EF]', 'Node became', 'register(ed|ing)?( node|")',
  '"level":"?(50|60|error|fatal)', 'ERROR|FATAL',
].join('|');
/** As many a second as there are mirror Pods, and no news. */
const noise = 'mirror pod because|collecting metrics for|server.go:[0-9]+\\]|oom.score|memory cgroup|summary stats|container_manager_linux';

/** Whole objects are cut out there, as of a status that could not be written. A node of kind is another machine to journald each time it starts: with --merge it also reads what it wrote as the one before. */
const script = String.raw`
ls /var/log/containers 2>/dev/null
printf '\036'
since=$1; shift
journalctl --no-pager --quiet --merge --output=short-unix --since="@$since" "$@" | grep -aE '${telling}' | grep -avE '${noise}' | sed -E 's/\\"\{.*\}\\"//' | tail -c ${mostBytes}`;

/**
 * What the kubelet, containerd and systemd of a node told in its own journal, in sentences. It is there also of a time in which nobody else
 * could see the node.
 *
 * @returns with a gap that says why, of a node that does not answer: nothing is thrown
 */
export async function readJournal(docker: Docker, node: string, options: JournalOptions): Promise<JournalLook> {
  const { since, units = [], isForeign = () => false, timeoutMs } = options;
  try {
    const argv = ['sh', '-c', script, 'sh', (since / 1000).toFixed(3), ...['kubelet.service', 'containerd.service', ...units].map((unit) => `--unit=${unit}`)];
    const { stdout } = await docker.exec(node, argv, { timeoutMs, accept: 'any' });
    return readLines(stdout, since, isForeign);
  } catch (error) {
    return { happenings: [], gaps: [`the journal of ${node} could not be read: ${describeError(error).split('\n', 1)[0]}`] };
  }
}

/** @internal */
export function readLines(stdout: string, since: number, isForeign: (namespace: string, at: number) => boolean): JournalLook {
  const [containers = '', journal = ''] = stdout.split('\u001e');
  const words = new JournalWords(containers.split('\n'));
  const happenings: Happening[] = [];
  for (const line of journal.split('\n')) {
    // 1795846165.213058 dev-worker2 kubelet[134]: …
    const [, seconds, program = '', text = ''] = /^(\d+\.\d+) \S+ ([^\s[:]+)(?:\[\d+\])?: (.*)$/.exec(line) ?? [];
    if (seconds === undefined) continue;
    const said = words.of(program, text);
    const at = Math.round(Number(seconds) * 1000);
    if (said === undefined || at < since || (said.namespace !== undefined && isForeign(said.namespace, at))) continue;
    happenings.push({ at, what: said.what, ...(said.bad === true && { bad: true }) });
  }
  const gaps = journal.length >= mostBytes - 1 ? ['its journal had more than is shown here: the oldest is left out'] : [];
  return { happenings: mergeRepeats(happenings), gaps };
}
