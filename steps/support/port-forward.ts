import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { CannotTellError } from '../../core/errors.ts';
import type { StartedProgram } from '../../core/started-program.ts';

/** The port of this host that a `kubectl port-forward POD :PORT` has taken. @throws CannotTellError when it has said none */
export function forwardedPort(program: StartedProgram): number {
  const [, port] = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(program.stdout) ?? [];
  if (port === undefined) throw new CannotTellError('NOT_STARTED', `kubectl port-forward has named no port: ${program.stdout} ${program.stderr}`);
  return Number(port);
}

/** One request over a connection of its own. */
export function fetchThrough(port: number, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: '/', agent: false, signal }, (response) => void text(response).then(resolve, reject));
    sent.once('error', reject);
    sent.end();
  });
}
