import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CannotTellError } from '../../core/errors.ts';
import { lock } from '../../core/lock.ts';
import { engineDir } from '../../core/paths.ts';
import { isAlive, parentVariable, processFacts } from '../../core/process.ts';
import { removeTree, unmountTree } from '../../core/remove-tree.ts';
import { waitFor, WaitTimeoutError } from '../../core/wait.ts';
import { Docker, type Engine } from '../docker/docker.ts';
import { missingHostCapabilities } from './capabilities.ts';
import { joinUsers, leaveUsers, otherUsers } from './engine-users.ts';
import { engineAt } from './find-engine.ts';
import { cleanFirewall, rememberFirewall } from './firewall.ts';
import { runtimeWrapper } from './runtime-wrapper.ts';

/** Sockets and process ids are short-lived: they belong below /run, and their paths must stay short. */
const runDir = '/run/edgeproof';
export const privateSocket = `unix://${join(runDir, 'docker.sock')}`;
const pidFile = join(runDir, 'docker.pid');
const dataDir = join(engineDir, 'data');

/** Starting, joining and stopping exclude each other: nobody may find an engine that is about to end. */
export const lockEngine = async (signal?: AbortSignal): Promise<AsyncDisposable> =>
  await lock('engine', { timeoutMs: 15 * 60_000, ...(signal && { signal }) });

/**
 * Starts edgeproof's own Docker engine, unless it runs: its data, sockets and configuration are apart from any
 * other's. What a failed start made is removed. Call it with {@link lockEngine} held.
 *
 * @throws CannotTellError `ENGINE_DID_NOT_START`
 */
export async function startPrivateEngine(signal?: AbortSignal): Promise<Engine> {
  const running = await engineAt(privateSocket, signal);
  if (running !== undefined) return running;
  const fresh = !existsSync(pidFile);
  for (const dir of [engineDir, runDir]) {
    await mkdir(dir, { recursive: true });
    await chmod(dir, 0o700);
  }
  await rememberFirewall(runDir);
  const configFile = join(engineDir, 'daemon.json');
  await writeFile(configFile, JSON.stringify(await daemonConfig(), null, 2), { mode: 0o600 });
  const logFile = join(engineDir, 'dockerd.log');
  const saysSoFar = async (): Promise<string> => await readFile(logFile, 'utf8').catch(() => '');
  let daemon = await startDockerd(configFile, logFile);
  try {
    const engine = await waitFor('edgeproof\'s own Docker engine answers', async (look) => {
      const answer = await engineAt(privateSocket, look);
      if (answer !== undefined || daemon.ended === undefined) return answer === undefined ? { missing: 'dockerd runs but does not answer yet' } : { done: answer };
      if (!(await saysSoFar()).includes(slowContainerd)) return { done: undefined };
      daemon = await startDockerd(configFile, logFile);
      return { missing: 'its containerd did not answer within 15 s' };
    }, { timeoutMs: 60_000, ...(signal && { signal }) });
    if (engine === undefined) throw new Error(daemon.ended);
    return engine;
  } catch (error) {
    if (daemon.pid !== undefined) await endDockerd(daemon.pid);
    if (fresh) await clean(); // else there is more to find of an engine that was killed
    signal?.throwIfAborted();
    const text = (await saysSoFar()).trim().split('\n').slice(-8).join('\n');
    throw new CannotTellError('ENGINE_DID_NOT_START', `dockerd did not start: ${text}`, { cause: error, next: `read ${logFile}` });
  }
}

/** dockerd gives its containerd 15 s (`startupTimeout` of libcontainerd/supervisor), and ends: too little where a machine is busy, and an engine that was killed has left much to be taken up again. */
const slowContainerd = 'timeout waiting for containerd to start';

interface Dockerd {
  readonly pid: number | undefined;
  /** How, if it has. */
  ended: string | undefined;
}

async function startDockerd(configFile: string, logFile: string): Promise<Dockerd> {
  await using log = await open(logFile, 'w', 0o600);
  const child = spawn('dockerd', ['--config-file', configFile], { detached: true, stdio: ['ignore', log.fd, log.fd], env: { ...process.env, [parentVariable]: undefined } });
  const daemon: Dockerd = { pid: child.pid, ended: undefined };
  child.once('error', (error) => { daemon.ended = error.message; });
  child.once('exit', (code, by) => { daemon.ended = `it ended with ${code ?? by}`; });
  child.unref();
  return daemon;
}

async function daemonConfig(): Promise<object> {
  const missing = await missingHostCapabilities();
  const wrapper = join(engineDir, 'runtime');
  await writeFile(wrapper, runtimeWrapper('runc', missing), { mode: 0o700 });
  return {
    hosts: [privateSocket],
    'data-root': dataDir,
    'exec-root': join(runDir, 'exec'),
    pidfile: pidFile,
    // Clusters bring their own networks; without docker0 nothing of ours meets the user's.
    bridge: 'none',
    // Those networks are IPv4 only: newer engines would still leave chains in the IPv6 firewall.
    ip6tables: false,
    'containerd-namespace': 'edgeproof',
    'containerd-plugins-namespace': 'edgeproof-plugins',
    'log-driver': 'local',
    ...(missing.length > 0 && { 'default-runtime': 'bounded', runtimes: { bounded: { path: wrapper } } }),
  };
}

/** Says that this process works on edgeproof's own engine, so that no other process stops it. Ends with the process. */
export const usePrivateEngine = async (): Promise<void> => await joinUsers(runDir);

/**
 * Ends this process's use of edgeproof's own engine, and the engine if nothing needs it any more: no container runs on
 * it and no other edgeproof works on it. Idempotent, and right when no engine runs. Its data (images) stays.
 *
 * @returns what became of it; `not ours`: this user has none, or none runs; `killed`: somebody has killed it while containers ran on it. Their shims live on, and only an
 * engine that finds its files as they were can end them: they stay.
 */
export async function leavePrivateEngine(): Promise<'stopped' | 'in use' | 'not ours' | 'killed'> {
  if (process.getuid?.() !== 0) return 'not ours';
  await using _ = await lockEngine();
  await leaveUsers(runDir);
  const engine = await engineAt(privateSocket);
  if ((await otherUsers(runDir)).length > 0) return 'in use';
  if (engine !== undefined && (await new Docker(engine).containers('status=running')).length > 0) return 'in use';
  const pid = await privateDaemonPid();
  if (engine === undefined && pid === undefined && existsSync(pidFile) && (await hasContainers())) return 'killed';
  if (pid !== undefined) await endDockerd(pid);
  await clean();
  return engine === undefined && pid === undefined ? 'not ours' : 'stopped';
}

async function clean(): Promise<void> {
  await cleanFirewall(runDir);
  await removeTree(runDir); // dockerd leaves a network namespace mounted in it
  // One that was killed has mounted its data on itself, and who came after it took that for the user's.
  await unmountTree(dataDir);
}

/** Whether there may be containers that only a start of our engine can show: it was killed, or the machine was. */
export async function hasUnseenContainers(): Promise<boolean> {
  if (process.getuid?.() !== 0 || (await privateDaemonPid()) !== undefined) return false;
  return existsSync(pidFile) || (await hasContainers());
}

const hasContainers = async (): Promise<boolean> => (await readdir(join(dataDir, 'containers')).catch(() => [] as string[])).length > 0;

/** The process id of our engine's daemon, if it runs. */
export async function privateDaemonPid(): Promise<number | undefined> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  // A process id from a file may be another's by now.
  return pid > 0 && isAlive(pid) && processFacts(pid)?.name === 'dockerd' ? pid : undefined;
}

/** Ends a dockerd, by force if it takes too long. */
async function endDockerd(pid: number): Promise<void> {
  for (const [signal, timeoutMs] of [['SIGTERM', 30_000], ['SIGKILL', 10_000]] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return; // it has ended
    }
    try {
      return await waitFor('dockerd ends', async () => (isAlive(pid) ? { missing: `process ${pid} still runs` } : { done: undefined }), { timeoutMs });
    } catch (error) {
      if (signal === 'SIGKILL' || !(error instanceof WaitTimeoutError)) throw error;
    }
  }
}
