import { readFile } from 'node:fs/promises';
import { exec, ExecError, type ExecOptions, type ExecResult } from '../../core/exec.ts';
import { parentVariable, startTimeIn } from '../../core/process.ts';

/** What the engine says of a running container, as far as it matters to whoever goes into it. */
export interface Inside {
  /** Of its first process, as this host counts. */
  readonly pid: number;
  readonly env: readonly string[];
  /** With all capabilities, so that who enters as root has no more than who is let in by the engine. */
  readonly privileged: boolean;
}

interface Known extends Inside {
  /** When its first process started, in clock ticks since the boot: a number that is used again is another process. */
  readonly startedAt: string;
}

/** Undefined when there is no such process. */
const startOf = async (pid: number): Promise<string | undefined> => startTimeIn(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''));

const nsenter = 'nsenter';
/** What the engine gives root's programs where an image says nothing. */
const defaults = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root'] as const;
const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--root', '--wd'] as const;

/**
 * Goes into containers of an engine on this host by their namespaces, as its root. `docker exec` does the same by way of its client, dockerd, containerd, a
 * shim and runc, and takes 15 times as much of the processor for it, at every look into a node. What runs inside belongs to this process: it ends with its time-out.
 */
export class Entrance {
  readonly #inspect: (container: string, signal?: AbortSignal) => Promise<Inside | undefined>;
  readonly #known = new Map<string, Known>();

  /** @param inspect asks the engine; undefined for a container that does not run */
  constructor(inspect: (container: string, signal?: AbortSignal) => Promise<Inside | undefined>) {
    this.#inspect = inspect;
  }

  /**
   * Runs a program in a container. Undefined when there is no way in: the engine then knows better why.
   *
   * @throws ExecError as `exec` does
   */
  async run(container: string, argv: readonly string[], options: ExecOptions): Promise<ExecResult | undefined> {
    const inside = await this.#find(container, options.signal);
    if (inside === undefined) return undefined;
    // A name without a value is one that the engine has taken out.
    const env = [...defaults, ...inside.env.filter((entry) => entry.includes('=')), `${parentVariable}=${process.pid}`];
    const enter = [nsenter, '--target', String(inside.pid), ...namespaces, '--', 'env', '--ignore-environment', ...env, ...argv] as const;
    try {
      const result = await exec(enter, options);
      return closed(inside, result) ? undefined : result;
    } catch (error) {
      if (error instanceof ExecError && (error.code === 'EXEC_NOT_FOUND' || (error.code === 'EXEC_FAILED' && closed(inside, { code: error.exitCode, stderr: error.stderr })))) return undefined;
      throw error;
    }
  }

  async #find(container: string, signal?: AbortSignal): Promise<Inside | undefined> {
    const known = this.#known.get(container);
    if (known !== undefined && (await startOf(known.pid)) === known.startedAt) return known;
    this.#known.delete(container);
    const inside = await this.#inspect(container, signal);
    const startedAt = inside?.privileged === true ? await startOf(inside.pid) : undefined;
    if (inside === undefined || startedAt === undefined) return undefined;
    const fresh = { ...inside, startedAt };
    this.#known.set(container, fresh);
    return fresh;
  }
}

/** What nsenter itself says when the container has gone: no word of the program's, which may be an nsenter too. */
const closed = ({ pid }: Inside, { code, stderr }: { readonly code: number | undefined; readonly stderr: string }): boolean => code !== 0 && stderr.startsWith('nsenter: ') && stderr.includes(`/proc/${pid}/`);
