import { connect, type Socket } from 'node:net';
import { EdgeproofError } from '../../../core/errors.ts';
import type { ReasonCode } from '../protocol/index.ts';
import { formatHostPort, type HostPort } from './host-port.ts';

/** A target could not be reached. `code` is what the tunnel tells its other end. */
export class DialError extends EdgeproofError {
  declare readonly code: Extract<ReasonCode, 'REFUSED' | 'TIMEOUT' | 'UNREACHABLE' | 'CANCELLED'>;

  constructor(code: DialError['code'], message: string, cause?: unknown) {
    super(code, message, { cause });
  }
}

/**
 * Opens a TCP connection that is half-closed properly. It does not flow yet: whoever got it reads it.
 *
 * @throws DialError REFUSED, TIMEOUT, UNREACHABLE, CANCELLED (by the signal)
 */
export function dial(target: HostPort, timeoutMs: number, signal?: AbortSignal): Promise<Socket> {
  const where = formatHostPort(target);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: target.host, port: target.port, allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
    const done = (error?: DialError): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      socket.removeAllListeners('error');
      socket.removeAllListeners('connect');
      if (error === undefined) return resolve(socket);
      // Destroying a socket that is connecting may still tell of its failure.
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const aborted = (): void => done(new DialError('CANCELLED', `dialling ${where} was cancelled`));
    const timer = setTimeout(() => done(new DialError('TIMEOUT', `${where} did not answer within ${timeoutMs / 1000} s`)), timeoutMs);
    if (signal?.aborted) return aborted();
    signal?.addEventListener('abort', aborted, { once: true });
    socket.once('connect', () => done());
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') done(new DialError('REFUSED', `${where} refused the connection`, error));
      else if (error.code === 'ETIMEDOUT') done(new DialError('TIMEOUT', `${where} did not answer`, error));
      else done(new DialError('UNREACHABLE', `${where} cannot be reached: ${error.code ?? error.message}`, error));
    });
  });
}
