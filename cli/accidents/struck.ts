import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CannotTellError } from '../../core/errors.ts';
import { repositoryRoot } from '../../core/paths.ts';
import { privateDaemonPid } from '../../harness/engine/private-engine.ts';
import type { Io } from '../io.ts';
import { removal, type Strike } from './victims.ts';

export interface Ended {
  /** 128 and the signal's number when a signal ended it. */
  readonly code: number;
  readonly ranMs: number;
  /** From the strike to its end. */
  readonly tookMs: number;
  /** What it had begun last when it was hit; absent when it had ended before. */
  readonly met?: string;
  /** The last lines that it wrote. */
  readonly lastLines: readonly string[];
}

interface Blow {
  readonly strike: Strike;
  readonly afterMs: number;
  readonly from?: string;
}

/** What an error with its cause and its next step takes. */
const mostLines = 12;

const program = join(repositoryRoot, 'cli', 'main.ts');

/** A command line of edgeproof's, with a blow or without, to its end or to that of this process, which is waited for. */
export async function edgeproof(args: readonly string[], io: Io, blow?: Blow): Promise<Ended> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [program, ...args], { cwd: io.cwd, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const over = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  let met: string | undefined;
  let last = 'its start';
  let lastLines: string[] = [];
  let struckAt: number | undefined;
  let striking: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const hit = ({ strike }: Blow): void => {
    [struckAt, met] = [performance.now(), last];
    striking = strikeNow(strike, child.pid!, io);
  };
  const arm = (): void => { if (blow !== undefined) timer ??= setTimeout(() => hit(blow), blow.afterMs); };
  if (blow?.from === undefined) arm();
  createInterface({ input: child.stderr! }).on('line', (line) => {
    lastLines = [...lastLines.slice(1 - mostLines), line];
    if (blow?.from !== undefined && line.startsWith(blow.from)) arm();
    if (/^[…✓[F]/.test(line)) last = line.slice(0, 90);
  });
  const stop = (): void => void child.kill('SIGINT');
  io.signal.addEventListener('abort', stop, { once: true });
  try {
    const [code, by] = await over;
    clearTimeout(timer);
    await striking;
    return { code: code ?? 128 + constants.signals[by!], ranMs: performance.now() - startedAt, tookMs: performance.now() - (struckAt ?? performance.now()), lastLines, ...(met !== undefined && { met }) };
  } finally {
    clearTimeout(timer);
    io.signal.removeEventListener('abort', stop);
  }
}

async function strikeNow(strike: Strike, pid: number, io: Io): Promise<void> {
  // To all of its group, as a terminal's.
  if (strike === 'SIGINT') process.kill(-pid, 'SIGINT');
  if (strike === 'SIGKILL') process.kill(pid, 'SIGKILL');
  if (strike === 'the cluster removed') await edgeproof(removal, io);
  if (strike === 'the engine killed') {
    const daemon = await privateDaemonPid();
    if (daemon === undefined) throw new CannotTellError('NO_ENGINE', "no engine of edgeproof's own runs that could be killed", { next: 'stop the engine that answers by itself, or leave this accident out' });
    process.kill(daemon, 'SIGKILL');
  }
}
