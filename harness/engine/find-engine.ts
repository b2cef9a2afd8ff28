import { exec } from '../../core/exec.ts';
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
