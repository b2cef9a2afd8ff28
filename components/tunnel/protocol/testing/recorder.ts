import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { StreamError } from '../errors.ts';
import type { Session } from '../session.ts';
import type { StreamHandler } from '../stream-handler.ts';
import type { TunnelStream } from '../stream.ts';
import { until } from './until.ts';

/** Writes down what a stream tells, and checks the order in which it may. */
export class Recorder implements StreamHandler {
  stream!: TunnelStream;
  readonly told: string[] = [];
  bytes = 0;
  ended = false;
  isClosed = false;
  error: StreamError | undefined;
  /** False: bytes are kept, and no credit goes back. */
  consumes = true;
  readonly #hash = createHash('sha256');
  #pieces: Buffer[] = [];
  #waiters: (() => void)[] = [];

  opened(): void {
    this.#note('opened');
  }

  data(piece: Buffer): void {
    assert.ok(!this.ended, 'data after the end');
    this.#note('data');
    this.bytes += piece.length;
    this.#hash.update(piece);
    if (this.consumes) this.stream.consumed(piece.length);
    else this.#pieces.push(piece);
  }

  end(): void {
    assert.ok(!this.ended, 'ended twice');
    this.#note('end');
    this.ended = true;
  }

  writable(): void {
    this.#note('writable');
    for (const resume of this.#waiters.splice(0)) resume();
  }

  closed(error: StreamError | undefined): void {
    this.#note('closed');
    this.isClosed = true;
    this.error = error;
    for (const resume of this.#waiters.splice(0)) resume();
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** All that was kept is passed on. */
  consumeAll(): void {
    this.consumes = true;
    for (const piece of this.#pieces.splice(0)) this.stream.consumed(piece.length);
  }

  /** Writes, and waits where it should. */
  async write(bytes: Buffer): Promise<void> {
    if (this.stream.write(bytes)) return;
    await new Promise<void>((resume, reject) => {
      const timer = setTimeout(() => reject(new Error('it was told to wait, and never to go on')), 10_000);
      this.#waiters.push(() => {
        clearTimeout(timer);
        resume();
      });
    });
  }

  async closing(timeoutMs?: number): Promise<StreamError | undefined> {
    await until('the stream closes', () => this.isClosed, timeoutMs);
    return this.error;
  }

  #note(what: string): void {
    assert.ok(!this.isClosed, `${what} after closed`);
    if (this.told.at(-1) !== what || what === 'closed') this.told.push(what);
  }
}

/** Opens a stream with a recorder. */
export function open(session: Session, target = 'edge-1:10250'): Recorder {
  const recorder = new Recorder();
  recorder.stream = session.open(target, 5000, recorder);
  return recorder;
}

/** Takes a stream with a recorder. */
export function accept(stream: TunnelStream): Recorder {
  const recorder = new Recorder();
  recorder.stream = stream;
  stream.accept(recorder);
  return recorder;
}

/** An open stream, seen from both ends. */
export async function joined(from: { readonly session: Session }, to: { readonly streams: TunnelStream[] }, target?: string): Promise<{ near: Recorder; far: Recorder }> {
  const near = open(from.session, target);
  await until('the stream arrives', () => to.streams.some(({ id }) => id === near.stream.id));
  const far = accept(to.streams.find(({ id }) => id === near.stream.id)!);
  await until('the stream is opened', () => near.stream.isOpened);
  return { near, far };
}
