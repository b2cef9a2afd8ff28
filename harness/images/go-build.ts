import { join } from 'node:path';
import { exec } from '../../core/exec.ts';
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

// GOGC: the compiler trades memory for time (Kubernetes 13.1 instead of 15.5 minutes).
const compiler = { GOGC: '400' } as const;

/**
 * Builds programs of one module by one command: packages are loaded once, and one program is linked while another is compiled.
 *
 * @param sources the programs' packages; the one that takes longest to link comes first
 * @param variables package variables set by the linker
 * @param folder one that is there: each program is in it afterwards, under {@link builtName}
 */
export async function goBuild(sources: readonly string[], variables: Readonly<Record<string, string>>, folder: string, { go, module, onLine, signal }: GoContext): Promise<void> {
  const settings = Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`);
  // No revision of this repository in them: they do not follow from it, and asking git fails where the checkout is somebody else's.
  const argv = ['build', '-v', '-trimpath', '-buildvcs=false', '-mod=readonly', '-ldflags', ['-s', '-w', ...settings].join(' '), '-o', folder, ...sources];
  await exec([go, ...argv], { cwd: moduleFolder(module), env: { ...environment, ...compiler }, timeoutMs: buildTimeoutMs, onLine, signal });
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
