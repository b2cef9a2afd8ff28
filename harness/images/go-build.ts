import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { exec } from '../../core/exec.ts';
import { availableMemory, gib } from '../../core/memory.ts';
import { repositoryRoot } from '../../core/paths.ts';
import type { ProgramGroup } from '../../images/programs.ts';

/** How long the programs of one module may take to build from nothing on two slow cores. */
const buildTimeoutMs = 60 * 60_000;
const downloadTimeoutMs = 20 * 60_000;

export const moduleFolder = (module: ProgramGroup['module']): string => join(repositoryRoot, 'images', 'go', module);

/** Where a build runs, and who hears of it. */
export interface GoContext {
  /** The go program. */
  readonly go: string;
  readonly module: ProgramGroup['module'];
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The same for all builds, as packages are shared between them by what they were built with. Host settings must not leak in. */
const environment = { CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off', GOTOOLCHAIN: 'local' } as const;

/** A share of memory in which the largest packages, and the linker of Kubernetes, need no collection. */
const roomyShare = 3 * gib;

/**
 * The compiler trades memory for time: 5 % of processor time without any collection, where there is room for it. What it does by itself (with
 * neither variable set) takes longer than 400.
 *
 * @param available bytes of memory for all that is compiled side by side; undefined where nobody knows
 */
export function collectorSettings(available: number | undefined, processors: number): Readonly<Record<string, string>> {
  const share = Math.floor((available ?? 0) / processors);
  return share < roomyShare ? { GOGC: '400' } : { GOGC: 'off', GOMEMLIMIT: String(share) };
}

/**
 * Builds programs of one module by one command: packages are loaded once, and one program is linked while another is compiled.
 *
 * @param sources the programs' packages; the one that takes longest to link comes first
 * @param variables package variables set by the linker
 * @param folder one that is there: each program is in it afterwards, under {@link builtName}
 */
export async function goBuild(sources: readonly string[], variables: Readonly<Record<string, string>>, folder: string, { go, module, onLine, signal }: GoContext): Promise<void> {
  const settings = Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`);
  // -s and -w have the linker leave out what debuggers read, but the compiler has made it by then: a tenth of its time. The code is the same.
  const argv = ['build', '-v', '-trimpath', '-mod=readonly', '-gcflags=all=-dwarf=false', '-ldflags', ['-s', '-w', ...settings].join(' '), '-o', folder, ...sources];
  const env = { ...environment, ...collectorSettings(await availableMemory(), availableParallelism()) };
  await exec([go, ...argv], { cwd: moduleFolder(module), env, timeoutMs: buildTimeoutMs, onLine, signal });
}

/** Brings the Go modules that programs need, by asking for their packages. */
export async function goDownload(sources: readonly string[], { go, module, onLine, signal }: GoContext): Promise<void> {
  await exec([go, 'list', '-deps', '-mod=readonly', '-f', '', ...sources], { cwd: moduleFolder(module), env: environment, timeoutMs: downloadTimeoutMs, onLine, signal });
}

/** What go calls a program that it builds into a folder: the last element of its package's path that is no version (`go help build`, -o). */
export function builtName(source: string): string {
  const parts = source.split('/');
  const last = parts.at(-1) ?? source;
  return /^v([2-9]|\d{2,})$/.test(last) ? (parts.at(-2) ?? last) : last;
}
