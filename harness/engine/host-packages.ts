import { readFile } from 'node:fs/promises';
import { exec } from '../../core/exec.ts';
import { CannotTellError } from '../../core/errors.ts';

/** Whether this host is a Debian or Ubuntu on which we may install packages. */
export async function canInstallPackages(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release);
}

/** Whether a program is on the PATH. */
export async function hasProgram(name: string): Promise<boolean> {
  return (await exec(['sh', '-c', 'command -v -- "$1" >/dev/null', 'sh', name], { accept: 'any' })).code === 0;
}

/**
 * Installs Debian packages, without their recommendations.
 *
 * @throws CannotTellError `NEEDS_PACKAGES` where edgeproof may not install: the message says what to install.
 */
export async function installPackages(packages: readonly string[], why: string, options: { detail: (text: string) => void; signal?: AbortSignal }): Promise<void> {
  if (!(await canInstallPackages())) {
    throw new CannotTellError('NEEDS_PACKAGES', `${why}, and edgeproof installs packages only as root on Debian or Ubuntu`, {
      next: `install ${packages.join(', ')} (or your system's equivalents) and start again`,
    });
  }
  const run = { timeoutMs: 600_000, env: { DEBIAN_FRONTEND: 'noninteractive' }, onLine: options.detail, ...(options.signal && { signal: options.signal }) };
  await exec(['apt-get', 'update'], run);
  await exec(['apt-get', 'install', '--yes', '--no-install-recommends', ...packages], run);
}
