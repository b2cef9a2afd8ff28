import { connect, type Socket } from 'node:net';
import { EdgeproofError } from '../../../core/errors.ts';
import type { ReasonCode } from '../protocol/index.ts';
import { openDeadlines, type Deadline } from './deadlines.ts';
import { formatHostPort, type HostPort } from './host-port.ts';

/** A target could not be reached. `code` is what the tunnel tells its other end. */
export class DialError extends EdgeproofError {
  declare readonly code: Extract<ReasonCode, 'REFUSED' | 'TIMEOUT' | 'UNREACHABLE' | 'CANCELLED'>;

  constructor(code: DialError['code'], message: string, cause?: unknown) {
    super(code, message, { cause });
  }
}

/** Told of a dial, once: of its socket, or why there is none. */
export interface DialOutcome {
  reached(socket: Socket): void;
  failed(error: DialError): void;
}

/**
 * A TCP connection that is being opened, and will be half-closed properly. It does not flow yet: whoever gets it reads it. Its
 * outcome is REFUSED, TIMEOUT, UNREACHABLE, or CANCELLED, if it is no socket.
 */
export class Dial {
  readonly #target: HostPort;
  readonly #socket: Socket;
  readonly #outcome: DialOutcome;
  readonly #deadline: Deadline;
  #over = false;

  constructor(target: HostPort, timeoutMs: number, outcome: DialOutcome) {
    this.#target = target;
    this.#outcome = outcome;
    this.#socket = connect({ host: target.host, port: target.port, allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
    this.#deadline = openDeadlines.in(timeoutMs, () => this.#fail('TIMEOUT', `did not answer within ${timeoutMs / 1000} s`));
    this.#socket.on('connect', () => this.#reached());
    // Stays: a socket that is destroyed while it is connecting may still tell of its failure.
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
  }

  /** Nobody waits for it any more. */
  cancel(): void {
    this.#fail('CANCELLED', 'was not waited for');
  }

  #reached(): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline.met();
    this.#outcome.reached(this.#socket);
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (error.code === 'ECONNREFUSED') this.#fail('REFUSED', 'refused the connection', error);
    else if (error.code === 'ETIMEDOUT') this.#fail('TIMEOUT', 'did not answer', error);
    else this.#fail('UNREACHABLE', `cannot be reached: ${error.code ?? error.message}`, error);
  }

  #fail(code: DialError['code'], what: string, cause?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline.met();
    this.#socket.destroy();
    this.#outcome.failed(new DialError(code, `${formatHostPort(this.#target)} ${what}`, cause));
  }
}
