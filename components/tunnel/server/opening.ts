import { openDeadlines, type Deadline } from '../common/deadlines.ts';
import type { ReasonCode, Session, StreamHandler, TunnelStream } from '../protocol/index.ts';
import { SessionUnavailableError, StreamError } from '../protocol/index.ts';

/** A longer timer fires at once (setTimeout). */
const longestTimerMs = 2 ** 31 - 1;
/** What the answer of a dial that timed out may take on its way. */
const answerMs = 500;

/**
 * A stream that is being opened. Once its target is reached, what comes on it before anybody uses it is kept (no more than its
 * window), and given to the handler that takes it.
 */
export class Opening implements StreamHandler {
  readonly stream: TunnelStream;
  readonly #settle: (error: StreamError | undefined) => void;
  readonly #deadline: Deadline;
  #settled = false;
  #to: StreamHandler | undefined;
  #kept: Buffer[] = [];
  #ended = false;
  #closed: { readonly error: StreamError | undefined } | undefined;

  /**
   * @param deadlineMs of the dial at the far end; this end waits a little longer, for the reason to arrive
   * @param settled told once, later: the target was reached, or why not, by the far end or this one
   * @throws SessionUnavailableError when the session takes no stream
   */
  constructor(session: Session, target: string, deadlineMs: number, settled: (error: StreamError | undefined) => void) {
    this.#settle = settled;
    this.stream = openOn(session, target, deadlineMs, this);
    this.#deadline = openDeadlines.in(Math.min(deadlineMs + answerMs, longestTimerMs), () => this.#give('TIMEOUT', `no answer within ${deadlineMs / 1000} s`));
  }

  /** Nobody waits for it any more. Of one that was reached this does nothing. */
  cancel(): void {
    this.#give('CANCELLED', 'nobody waits for it any more');
  }

  handOver(to: StreamHandler): void {
    this.#to = to;
    for (const piece of this.#kept) to.data(piece, false);
    this.#kept = [];
    if (this.#ended) to.end();
    if (this.#closed !== undefined) to.closed(this.#closed.error);
  }

  opened(): void {
    this.#settled = true;
    this.#deadline.met();
    this.#settle(undefined);
  }

  data(piece: Buffer, whole: boolean): void {
    if (this.#to === undefined) this.#kept.push(piece);
    else this.#to.data(piece, whole);
  }

  end(): void {
    this.#ended = true;
    this.#to?.end();
  }

  writable(): void {
    this.#to?.writable();
  }

  sent(): void {
    this.#to?.sent?.();
  }

  closed(error: StreamError | undefined): void {
    this.#closed = { error };
    if (this.#settled) return this.#to?.closed(error);
    this.#settled = true;
    this.#deadline.met();
    this.#settle(error ?? new StreamError('CANCELLED', 'it was closed while it was being opened', 'peer'));
  }

  #give(code: ReasonCode, reason: string): void {
    if (!this.#settled) this.stream.reset(code, reason);
  }
}

function openOn(session: Session, target: string, deadlineMs: number, handler: StreamHandler): TunnelStream {
  try {
    return session.open(target, deadlineMs, handler);
  } catch (error) {
    throw error instanceof SessionUnavailableError ? error : new SessionUnavailableError('INTERNAL', String(error));
  }
}
