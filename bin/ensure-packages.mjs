import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from './setup-error.mjs';

const stampName = join('node_modules', '.edgeproof-installed');
const installTimeoutMs = 15 * 60_000;

/**
 * Installs the npm packages when they are missing or package-lock.json changed since. Several starts at once
 * install once: the others wait.
 *
 * @param {string} root the repository
 * @param {(line: string) => void} [say]
 */
export async function ensurePackages(root, say = (line) => process.stderr.write(`${line}\n`)) {
  if (installed(root)) return;
  await withLock(root, say, async (lockFd) => {
    if (!installed(root)) await install(root, say, lockFd);
  });
}

/** @param {string} root */
function installed(root) {
  const wanted = fingerprint(root);
  const stamp = join(root, stampName);
  if (read(stamp) === wanted) return true;
  // Installed by npm itself: its own record, written at the end of an install, says the same.
  if (!sameAsRecord(root)) return false;
  try {
    writeFileSync(stamp, wanted);
  } catch {
    // A read-only checkout: look again at the next start.
  }
  return true;
}

/** @param {string} root */
function fingerprint(root) {
  return createHash('sha256').update(read(join(root, 'package-lock.json')) ?? '').update(`${process.platform} ${process.arch}`).digest('hex');
}

/** @param {string} root */
function sameAsRecord(root) {
  const record = read(join(root, 'node_modules', '.package-lock.json'));
  const lock = read(join(root, 'package-lock.json'));
  if (record === undefined || lock === undefined) return false;
  try {
    const have = JSON.parse(record).packages;
    return Object.entries(JSON.parse(lock).packages).every(([path, wanted]) =>
      path === '' ||
      (have[path]?.version === wanted.version && existsSync(join(root, path))) ||
      (wanted.optional === true && !fits(wanted)));
  } catch {
    return false;
  }
}

/** @param {{ os?: string[], cpu?: string[], libc?: string[] }} wanted */
function fits({ os, cpu, libc }) {
  return (os?.includes(process.platform) ?? true) && (cpu?.includes(process.arch) ?? true) && (libc?.includes('glibc') ?? true);
}

/** @param {string} root @param {(line: string) => void} say @param {number | undefined} lockFd */
async function install(root, say, lockFd) {
  say('Installing npm packages (once, about a minute)…');
  const started = performance.now();
  const elapsed = () => `${Math.round((performance.now() - started) / 1000)} s`;
  // Started by npm itself, use that one; it need not be on the PATH.
  const npm = /npm-cli\.c?js$/.test(process.env.npm_execpath ?? '') ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const argv = [...npm, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--include=dev', '--include=optional'];
  let output = '';
  const beat = setInterval(() => say(`… still installing npm packages after ${elapsed()}`), 10_000);
  try {
    const code = await new Promise((resolve, reject) => {
      // npm holds the lock too: should this process be killed, no other start meddles until npm has ended.
      const child = spawn(argv[0], argv.slice(1), { cwd: root, stdio: ['ignore', 'pipe', 'pipe', lockFd ?? 'ignore'], timeout: installTimeoutMs });
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output = (output + text).slice(-4000); });
      child.on('error', reject);
      child.on('close', (exit, signal) => resolve(exit ?? signal));
    });
    if (code !== 0) {
      throw new SetupError(`npm could not install the packages (npm ci ended with ${code} after ${elapsed()}):\n${output.trim()}\nSee that the package registry can be reached (npm ping), and run the command again.`);
    }
  } catch (error) {
    if (error.code === 'ENOENT') throw new SetupError('npm is needed to install the packages and is not on the PATH. Install npm, and run the command again.');
    throw error;
  } finally {
    clearInterval(beat);
  }
  writeFileSync(join(root, stampName), fingerprint(root));
  say(`✓ npm packages (${elapsed()})`);
}

/**
 * Runs `work` while this process alone holds the install lock of the repository: an abstract Unix socket, which
 * the kernel takes away from whoever dies, so that there are no stale locks.
 *
 * @param {string} root @param {(line: string) => void} say @param {(fd: number | undefined) => Promise<void>} work
 */
async function withLock(root, say, work) {
  const name = `\0edgeproof-install-${createHash('sha256').update(root).digest('hex').slice(0, 32)}`;
  let server;
  const started = performance.now();
  const deadline = started + installTimeoutMs + 60_000;
  for (let saidAt = -Infinity; ; await sleep(200)) {
    server = createServer((socket) => socket.destroy());
    const free = await new Promise((resolve, reject) => {
      server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
      server.listen(name, () => resolve(true));
    });
    if (free) break;
    const now = performance.now();
    if (now > deadline) throw new SetupError('another edgeproof has been installing npm packages for more than 15 minutes. Look for a hanging "npm ci", end it, and run the command again.');
    if (now - saidAt > 10_000) {
      saidAt = now;
      say(`… another edgeproof is installing npm packages; waiting since ${Math.round((now - started) / 1000)} s`);
    }
  }
  try {
    // Not in Node's documented API; without it only the hand-over to npm is lost.
    const fd = server._handle?.fd;
    await work(typeof fd === 'number' && fd >= 0 ? fd : undefined);
  } finally {
    server.close();
  }
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
