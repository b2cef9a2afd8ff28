import { once } from 'node:events';
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { formatHostPort } from '../../tunnel/common/host-port.ts';
import { dial, type DialOptions } from './dial.ts';
import { notSent, reasonOf } from './link-error.ts';
import { Liveness } from './liveness.ts';
import type { LinkTimings } from './timings.ts';

export interface SessionEvents {
  opened(session: UpstreamSession): void;
  /** Something was heard from the other end. */
  heard(): void;
  /** It has not answered the question whether it is there, and still may. */
  doubted(session: UpstreamSession): void;
  /** It takes no more requests: it was lost, or the API server wants it to end. `reason` only when it was lost with no such word before. */
  over(session: UpstreamSession, reason: string | undefined): void;
  /** Its last stream has ended. */
  closed(session: UpstreamSession): void;
}

export interface OpenSessionOptions extends Omit<DialOptions, 'protocol' | 'timeoutMs'> {
  readonly timings: LinkTimings;
  readonly events: SessionEvents;
}

/** Of one answer: on a link of 100 ms, 2.5 MB/s. Also the most that a client that reads slowly makes this process hold of it, times all of its requests. */
const streamWindowBytes = 256 * 1024;
/** Of all answers together. Node gives it back as bytes arrive, so a slow client holds up nobody else. */
const sessionWindowBytes = 16 << 20;
/** For whatever the server's own limit is. */
const mostStreams = 1000;
/** The memory that Node lets a session take for headers and the like, in MB; at its default of 10, Node refuses streams. */
const sessionMemoryMb = 64;
const maxHeaderBytes = 64 * 1024;
/** What a client says twice is the API server's to judge. Node's types know it of servers only. */
const sayTwice = { strictSingleValueFields: false };

/** One HTTP/2 session to the API server, which has said its first word. */
export class UpstreamSession {
  readonly #h2: ClientHttp2Session;
  readonly #socket: TLSSocket;
  readonly #events: SessionEvents;
  readonly #liveness: Liveness;
  readonly #idleMs: number;
  /** When requests were sent that have no first word of an answer yet, the oldest first. */
  readonly #owed = new Map<ClientHttp2Stream, number>();
  #open = 0;
  #takesMore = true;
  #idleSince = performance.now();
  #lostBy: string | undefined;
  /** The last of this end's streams that the server has taken up, once it has said so. */
  #lastTaken = Infinity;

  private constructor(h2: ClientHttp2Session, socket: TLSSocket, { events, timings }: OpenSessionOptions) {
    this.#h2 = h2;
    this.#socket = socket;
    this.#events = events;
    this.#idleMs = timings.idleMs;
    h2.setLocalWindowSize(sessionWindowBytes);
    h2.on('goaway', (_code, lastStream: number) => {
      this.#lastTaken = Math.min(this.#lastTaken, lastStream);
      this.drain();
    });
    h2.on('error', (error) => this.#lost(reasonOf(error)));
    h2.on('close', () => {
      this.#lost('it was closed');
      this.#liveness.stop();
      events.closed(this);
    });
    this.#liveness = new Liveness({
      withinMs: timings.pongWithinMs,
      doubtMs: timings.doubtMs,
      owedMs: timings.owedMs,
      owedSince: () => this.#owed.values().next().value,
      received: () => this.#socket.bytesRead,
      heard: () => events.heard(),
      doubted: () => events.doubted(this),
      ping: (answered) => this.#ask(answered),
      dead: (reason) => this.destroy(reason),
    });
  }

  /** @throws LinkError `UNREACHABLE` */
  static async open(options: OpenSessionOptions): Promise<UpstreamSession> {
    const { timings, signal, server } = options;
    const deadline = AbortSignal.timeout(timings.dialMs);
    const socket = await dial({ ...options, protocol: 'h2', timeoutMs: timings.dialMs });
    const h2 = connect(`https://${formatHostPort(server)}`, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: streamWindowBytes, maxHeaderListSize: maxHeaderBytes },
      maxSessionMemory: sessionMemoryMb,
      ...sayTwice,
    });
    // Until it is in use; afterwards there are others too.
    h2.on('error', () => {});
    const closed = new AbortController();
    h2.once('close', () => closed.abort(new Error('it was closed before its first word')));
    try {
      // The server's limits are known then, and that it is one. It says them by itself, right behind its handshake.
      await once(h2, 'remoteSettings', { signal: AbortSignal.any([signal, deadline, closed.signal]) });
      signal.throwIfAborted();
    } catch (cause) {
      h2.destroy();
      const reason = closed.signal.aborted ? 'closed the session before its first word' : deadline.aborted ? `said nothing within ${timings.dialMs / 1000} s` : reasonOf(cause);
      throw notSent('UNREACHABLE', `${formatHostPort(server)} ${reason}`, cause);
    }
    return new UpstreamSession(h2, socket, options);
  }

  get hasRoom(): boolean {
    return this.#takesMore && !this.#h2.closed && !this.#h2.destroyed && this.#open < Math.min(this.#h2.remoteSettings.maxConcurrentStreams ?? mostStreams, mostStreams);
  }

  get takesMore(): boolean {
    return this.#takesMore;
  }

  /** Why it was lost. Its streams hear of it before Node tells of the session itself. */
  get lostBy(): string | undefined {
    return this.#lostBy ?? (this.#h2.destroyed || this.#socket.destroyed ? 'it was closed' : undefined);
  }

  get streamCount(): number {
    return this.#open;
  }

  get isIdle(): boolean {
    return this.#open === 0 && performance.now() - this.#idleSince >= this.#idleMs;
  }

  /** @throws what Node has against the headers */
  request(headers: Record<string, string | readonly string[]>, options: { readonly endStream: boolean; readonly signal: AbortSignal }): ClientHttp2Stream {
    const stream = this.#h2.request(headers as never, options);
    this.#open += 1;
    this.#owed.set(stream, performance.now());
    stream.once('response', () => this.#owed.delete(stream)).once('close', () => {
      this.#owed.delete(stream);
      this.#open -= 1;
      this.#idleSince = performance.now();
    });
    return stream;
  }

  /** Whether the server may have taken a stream up. */
  mayHaveSeen(stream: ClientHttp2Stream): boolean {
    return stream.id !== undefined && stream.id <= this.#lastTaken && stream.rstCode !== constants.NGHTTP2_REFUSED_STREAM;
  }

  /** How often it is asked whether its other end is there. Milliseconds. */
  set pingEveryMs(ms: number) {
    this.#liveness.everyMs = ms;
  }

  /** Whether a question if its other end is there is open: it may be dead. */
  get isDoubtful(): boolean {
    return this.#liveness.isAsking;
  }

  /** Asks at once whether the other end is there. */
  check(): void {
    this.#liveness.check();
  }

  /** Takes no more requests; those under way come to their ends. */
  drain(): void {
    if (!this.#takesMore) return;
    this.#takesMore = false;
    this.#events.over(this, undefined);
    if (!this.#h2.closed) this.#h2.close();
  }

  destroy(reason: string): void {
    this.#lost(reason);
    // Without an error, or with no code, its streams would end as if their answers were whole.
    this.#h2.destroy(new Error(reason), constants.NGHTTP2_CANCEL);
    // Of a session that took no more requests Node would wait for the other end's word, here too.
    this.#socket.destroy();
  }

  /** Sends what must be answered. @returns whether it was sent */
  #ask(answered: () => void): boolean {
    const h2 = this.#h2;
    // Node ends the socket of a session that has ended, and waits for the other end's word: on a link that is silent it does not come.
    if (h2.destroyed) {
      this.#socket.destroy();
      return false;
    }
    const told = (error: Error | null): void => {
      if (error === null) answered();
    };
    // Node sends no PING on a session that takes no more requests, and its last watch may live on for hours. A SETTINGS frame must be acknowledged too (RFC 9113, 6.5.3).
    if (!h2.closed) return h2.ping(told);
    h2.settings({}, told);
    return true;
  }

  #lost(reason: string): void {
    this.#lostBy ??= reason;
    if (!this.#takesMore) return;
    this.#takesMore = false;
    this.#events.over(this, reason);
  }
}
