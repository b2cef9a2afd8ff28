import { spawn } from 'node:child_process';
import { chmod, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CannotTellError } from '../../core/errors.ts';
import { engineDir } from '../../core/paths.ts';
import { parentVariable } from '../../core/process.ts';
import { waitFor } from '../../core/wait.ts';
import { Docker, type Engine } from '../docker/docker.ts';
import { missingHostCapabilities } from './capabilities.ts';
import { engineAt } from './find-engine.ts';
import { cleanFirewall, rememberFirewall } from './firewall.ts';
import { runtimeWrapper } from './runtime-wrapper.ts';

/** Sockets and process ids are short-lived: they belong below /run, and their paths must stay short. */
const runDir = '/run/edgeproof';
export const privateSocket = `unix://${join(runDir, 'docker.sock')}`;
const pidFile = join(runDir, 'docker.pid');

/** Starts edgeproof's own Docker engine: its data, sockets and configuration are apart from any other's. @throws CannotTellError `ENGINE_DID_NOT_START` */
export async function startPrivateEngine(signal?: AbortSignal): Promise<Engine> {
  const running = await engineAt(privateSocket, signal);
  if (running !== undefined) return running;
  for (const dir of [engineDir, runDir]) {
    await mkdir(dir, { recursive: true });
    await chmod(dir, 0o700);
  }
  await rememberFirewall();
  const configFile = join(engineDir, 'daemon.json');
  await writeFile(configFile, JSON.stringify(await daemonConfig(), null, 2), { mode: 0o600 });
  const logFile = join(engineDir, 'dockerd.log');
  await using log = await open(logFile, 'w', 0o600);
  const daemon = spawn('dockerd', ['--config-file', configFile], { detached: true, stdio: ['ignore', log.fd, log.fd], env: { ...process.env, [parentVariable]: undefined } });
  let ended: string | undefined;
  daemon.once('error', (error) => { ended = error.message; });
  daemon.once('exit', (code) => { ended = `exit ${code}`; });
  try {
    return await waitFor('edgeproof\'s own Docker engine answers', async (look) => {
      const engine = await engineAt(privateSocket, look);
      if (engine !== undefined) return { done: engine };
      return { missing: ended ?? 'dockerd runs but does not answer yet' };
    }, { timeoutMs: 60_000, ...(signal && { signal }) });
  } catch (error) {
    if (ended === undefined) daemon.kill('SIGTERM');
    signal?.throwIfAborted();
    const log = (await readFile(logFile, 'utf8').catch(() => '')).trim().split('\n').slice(-8).join('\n');
    throw new CannotTellError('ENGINE_DID_NOT_START', `dockerd did not start: ${log}`, { cause: error, next: `read ${logFile}` });
  } finally {
    daemon.unref();
  }
}

async function daemonConfig(): Promise<object> {
  const missing = await missingHostCapabilities();
  const wrapper = join(engineDir, 'runtime');
  await writeFile(wrapper, runtimeWrapper('runc', missing), { mode: 0o700 });
  return {
    hosts: [privateSocket],
    'data-root': join(engineDir, 'data'),
    'exec-root': join(runDir, 'exec'),
    pidfile: pidFile,
    // Clusters bring their own networks; without docker0 nothing of ours meets the user's.
    bridge: 'none',
    'containerd-namespace': 'edgeproof',
    'containerd-plugins-namespace': 'edgeproof-plugins',
    'log-driver': 'local',
    ...(missing.length > 0 && { 'default-runtime': 'bounded', runtimes: { bounded: { path: wrapper } } }),
  };
}

/** Ends edgeproof's own engine and takes its firewall rules away. Its data (images) stays. Idempotent. @returns whether one ran */
export async function stopPrivateEngine(signal?: AbortSignal): Promise<boolean> {
  const engine = await engineAt(privateSocket, signal);
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  if (engine !== undefined) {
    const busy = await new Docker(engine).containers('status=running');
    if (busy.length > 0) {
      throw new CannotTellError('ENGINE_BUSY', `edgeproof's own Docker engine still runs ${busy.join(', ')}`, { next: 'run `edgeproof down --all` first' });
    }
  }
  if (pid > 0 && (await isDockerd(pid))) {
    process.kill(pid, 'SIGTERM');
    await waitFor('dockerd ends', async () => ((await isDockerd(pid)) ? { missing: `process ${pid} still runs` } : { done: true }), { timeoutMs: 30_000 });
  }
  await rm(runDir, { recursive: true, force: true });
  await cleanFirewall();
  return engine !== undefined;
}

/** Whether our engine ended without being stopped: its containers may still run. */
export async function wasKilled(): Promise<boolean> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  return pid > 0 && !(await isDockerd(pid));
}

/** A process id from a file may be another's by now. */
async function isDockerd(pid: number): Promise<boolean> {
  return (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim() === 'dockerd';
}
