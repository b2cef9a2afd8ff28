import { exec, ExecError } from '../../core/exec.ts';
import type { Engine } from '../docker/docker.ts';
import { privateSocket } from './private-engine.ts';

/** Asks an engine for its version. `undefined`: it does not answer (or there is no docker program). */
export async function engineAt(host: string | undefined, signal?: AbortSignal): Promise<Engine | undefined> {
  const result = await exec(['docker', 'version', '--format', '{{.Server.Version}}'], {
    accept: 'any',
    timeoutMs: 10_000,
    ...(host === undefined ? {} : { env: { DOCKER_HOST: host } }),
    ...(signal && { signal }),
  }).catch(() => {
    signal?.throwIfAborted(); // anything else (no such program, no answer in time) is "no engine"
    return undefined;
  });
  const version = result?.stdout.trim() ?? '';
  if (result?.code !== 0 || version === '') return undefined;
  const resolved = host ?? (await contextHost());
  return { host: resolved, private: resolved === privateSocket, version };
}

/** Why no engine answers the user's `docker`, in a few words. */
export async function whyNoEngine(signal?: AbortSignal): Promise<string> {
  const answer = await exec(['docker', 'version', '--format', '{{.Server.Version}}'], { accept: 'any', timeoutMs: 10_000, ...(signal && { signal }) }).catch((error: unknown) => {
    signal?.throwIfAborted();
    return error instanceof ExecError && error.code === 'EXEC_NOT_FOUND' ? 'there is no docker program' : 'no engine answers in 10 s';
  });
  if (typeof answer === 'string') return answer;
  if (/permission denied/i.test(answer.stderr)) return 'this user may not use the Docker socket';
  const said = answer.stderr.trim().split('\n')[0]?.slice(0, 160);
  return said ? `no engine answers (${said})` : 'no engine answers';
}

/** The endpoint of docker's current context: where `docker` goes when `DOCKER_HOST` is not set. */
async function contextHost(): Promise<string> {
  const fromEnvironment = process.env['DOCKER_HOST'];
  if (fromEnvironment) return fromEnvironment;
  const { stdout } = await exec(['docker', 'context', 'inspect', '--format', '{{.Endpoints.docker.Host}}']);
  return stdout.trim();
}

/** The engine to use: the user's if it answers, else edgeproof's own if it runs. */
export async function findEngine(signal?: AbortSignal): Promise<Engine | undefined> {
  return (await engineAt(undefined, signal)) ?? (await engineAt(privateSocket, signal));
}

/** Every engine that answers and may hold clusters: the user's, and edgeproof's own. */
export async function findEngines(): Promise<Engine[]> {
  const found = [await engineAt(undefined), await engineAt(privateSocket)].filter((engine) => engine !== undefined);
  return found.filter(({ host }, index) => found.findIndex((other) => other.host === host) === index);
}
