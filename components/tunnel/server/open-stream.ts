import type { ReasonCode, Session, StreamHandler, TunnelStream } from '../protocol/index.ts';
import { SessionUnavailableError, StreamError } from '../protocol/index.ts';

/**
 * A stream whose target was reached and which nobody uses yet: what comes on it meanwhile is kept (no more than its
 * window), and given to the handler that takes it.
 */
export class OpenedStream implements StreamHandler {
  stream!: TunnelStream;
  readonly #opened: (stream: TunnelStream) => void;
  readonly #failed: (error: StreamError) => void;
  #to: StreamHandler | undefined;
  #kept: Buffer[] = [];
  #ended = false;
  #closed: { readonly error: StreamError | undefined } | undefined;

  constructor(opened: (stream: TunnelStream) => void, failed: (error: StreamError) => void) {
    this.#opened = opened;
    this.#failed = failed;
  }

  handOver(to: StreamHandler): void {
    this.#to = to;
    for (const piece of this.#kept) to.data(piece);
    this.#kept = [];
    if (this.#ended) to.end();
    if (this.#closed !== undefined) to.closed(this.#closed.error);
  }

  opened(): void {
    this.#opened(this.stream);
  }

  data(piece: Buffer): void {
    if (this.#to === undefined) this.#kept.push(piece);
    else this.#to.data(piece);
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
    this.#failed(error ?? new StreamError('CANCELLED', 'it was closed while it was being opened', 'peer'));
    this.#to?.closed(error);
  }
}

/** A longer timer fires at once (setTimeout). */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Opens a stream and waits until its target is reached.
 *
 * @param deadlineMs of the dial at the far end; this end waits a little longer, for the reason to arrive
 * @throws StreamError what the far end said; SessionUnavailableError when the session takes no stream
 */
export async function openStream(session: Session, target: string, deadlineMs: number, signal: AbortSignal): Promise<OpenedStream> {
  return await new Promise((resolve, reject) => {
    const give = (code: ReasonCode, reason: string): void => opened.stream.reset(code, reason);
    const timer = setTimeout(() => give('TIMEOUT', `no answer within ${deadlineMs / 1000} s`), Math.min(deadlineMs + answerMs, longestTimerMs));
    const aborted = (): void => give('CANCELLED', 'nobody waits for it any more');
    const settled = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
    };
    const opened = new OpenedStream(
      () => { settled(); resolve(opened); },
      (error) => { settled(); reject(error); },
    );
    try {
      signal.throwIfAborted();
      opened.stream = session.open(target, deadlineMs, opened);
      signal.addEventListener('abort', aborted, { once: true });
    } catch (error) {
      settled();
      reject(error instanceof SessionUnavailableError || signal.aborted ? error : new SessionUnavailableError('INTERNAL', String(error)));
    }
  });
}

/** What the answer of a dial that timed out may take on its way. */
const answerMs = 500;
