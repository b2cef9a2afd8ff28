import { readFile } from 'node:fs/promises';
import { exec } from '../../core/exec.ts';
import { CannotTellError } from '../../core/errors.ts';
import { parentVariable } from '../../core/process.ts';

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

/** Whether this Debian release has a package of that name. The lists must be current (see {@link installPackages}). */
export async function hasPackage(name: string): Promise<boolean> {
  const { stdout } = await exec(['apt-cache', 'policy', name], { accept: 'any', env: { LC_ALL: 'C' } });
  return /^ {2}Candidate: (?!\(none\))\S/m.test(stdout);
}

/** Another apt-get may be at work (unattended upgrades, another edgeproof). */
const lockTimeoutSeconds = 300;

/** In this process one at a time: for the lock of the lists, which an update takes, apt does not wait. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Installs Debian packages, without their recommendations.
 *
 * @throws CannotTellError `NEEDS_PACKAGES` where edgeproof may not install: the message says what to install;
 *   `PACKAGES_NOT_INSTALLED`; the signal's reason
 */
export async function installPackages(packages: readonly string[], why: string, options: InstallOptions): Promise<void> {
  const mine = last.then(async () => await install(packages, why, options));
  last = mine.catch(() => {});
  await mine;
}

interface InstallOptions {
  readonly detail: (text: string) => void;
  readonly signal?: AbortSignal;
}

async function install(packages: readonly string[], why: string, options: InstallOptions): Promise<void> {
  if (!(await canInstallPackages())) {
    throw new CannotTellError('NEEDS_PACKAGES', `${why}, and edgeproof installs packages only as root on Debian or Ubuntu`, {
      next: `install ${packages.join(', ')} (or your system's equivalents) and start again`,
    });
  }
  options.signal?.throwIfAborted();
  // A service that a package starts is the system's, not ours to end later.
  const run = { timeoutMs: 15 * 60_000, env: { DEBIAN_FRONTEND: 'noninteractive', [parentVariable]: undefined }, onLine: options.detail };
  const apt = ['apt-get', '--option', `DPkg::Lock::Timeout=${lockTimeoutSeconds}`] as const;
  // A source of the user's that is broken need not be the one that has these packages.
  const update = await exec([...apt, 'update'], { ...run, accept: 'any' });
  options.signal?.throwIfAborted();
  try {
    // Listens to no abort: a dpkg that is killed leaves the system's packages half configured.
    await exec([...apt, 'install', '--yes', '--no-install-recommends', ...packages], run);
  } catch (cause) {
    const lists = update.code === 0 ? '' : `; before that, apt-get update failed: ${update.stderr.trim().split('\n')[0]}`;
    throw new CannotTellError('PACKAGES_NOT_INSTALLED', `apt-get could not install ${packages.join(', ')}${lists}`, { cause, next: `install ${packages.join(', ')} and start again` });
  }
  options.signal?.throwIfAborted();
}
