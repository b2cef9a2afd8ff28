import { CannotTellError } from '../../core/errors.ts';
import type { Docker } from '../../harness/docker/docker.ts';
import { cpuSecondsOf } from '../child.ts';

/** Of a process, in bytes. */
export interface Memory {
  /** All pages that it has in memory. */
  readonly rss: number;
  /** The same, of pages that others have too only its share. */
  readonly pss: number;
  /** What is its own and in no file: heaps, Buffers, stacks. */
  readonly anonymous: number;
}

export interface ProcessFigures {
  readonly pid: number;
  readonly memory: Memory;
  /** Since it started. */
  readonly cpuSeconds: number;
}

/** Reads /proc/PID/smaps_rollup (proc_pid_smaps(5)), whose kB are of 1,024 bytes. NaN for what is not in it. */
export function memoryOf(smapsRollup: string): Memory {
  const bytes = (name: string): number => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(smapsRollup)?.[1] ?? NaN);
  return { rss: bytes('Rss'), pss: bytes('Pss'), anonymous: bytes('Anonymous') };
}

/** Argument: a unit. The two files change while they are read, not with each other. */
const script = `
set -e
pid=$(systemctl show --property MainPID --value "$1")
echo "$pid"
cat "/proc/$pid/stat"
cat "/proc/$pid/smaps_rollup"
`;

/** Of the main process of a unit on a node. @throws CannotTellError `NO_PROCESS` */
export async function figuresOfUnit(docker: Docker, node: string, unit: string, signal: AbortSignal): Promise<ProcessFigures> {
  const { code, stdout, stderr } = await docker.exec(node, ['sh', '-c', script, 'edgeproof', unit], { accept: 'any', timeoutMs: 20_000, signal });
  const [pid = '', stat = '', ...rollup] = stdout.split('\n');
  const figures = { pid: Number(pid), cpuSeconds: cpuSecondsOf(stat), memory: memoryOf(rollup.join('\n')) };
  if (code !== 0 || !(figures.memory.rss > 0)) throw new CannotTellError('NO_PROCESS', `${unit} on ${node} could not be measured: ${stderr.trim() || 'it has no memory'}`, { next: `docker exec ${node} systemctl status ${unit}` });
  return figures;
}
