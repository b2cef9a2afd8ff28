import type { ClientHttp2Stream } from 'node:http2';
import type { LinkCredentials, Via } from './credentials.ts';
import { clientGone, notSent } from './link-error.ts';
import { orGone } from './or-gone.ts';
import { UpstreamSession, type OpenSessionOptions } from './upstream-session.ts';

export interface LaneOptions extends Omit<OpenSessionOptions, 'identity'> {
  readonly via: Via;
  readonly credentials: LinkCredentials;
}

export interface LaneRequest {
  readonly headers: Record<string, string | readonly string[]>;
  readonly endStream: boolean;
  /** Of whoever asks. */
  readonly signal: AbortSignal;
  /**
   * It is the link itself that asks, and must not find it full of clients. `sure`: on a session of which nobody doubts that its other end is
   * there, or on a new one; `any`: on whatever session there is.
   */
  readonly urgent?: 'sure' | 'any' | undefined;
}

/** What a server's limits allow times this many streams: on a node, nobody needs more. Those that the server has ended, and that end with their last watch, do not count. */
const mostSessions = 16;

/** The sessions that show one certificate, or none: another one is opened when those that there are have no room. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #sessions = new Set<UpstreamSession>();
  #dialling: Promise<UpstreamSession> | undefined;
  readonly #tidy: NodeJS.Timeout;

  constructor(options: LaneOptions) {
    this.#options = { ...options, events: { ...options.events, closed: (session) => this.#closed(session) } };
    this.#tidy = setInterval(() => this.#closeIdle(), options.timings.idleMs / 4);
  }

  /** Also those that take no more requests. */
  get sessions(): ReadonlySet<UpstreamSession> {
    return this.#sessions;
  }

  /**
   * Opens a stream, on a new session if need be.
   *
   * @throws LinkError `UNREACHABLE`, `BUSY`, `NO_NODE_CERTIFICATE`, `CLIENT_GONE`; what Node has against the headers
   */
  async open({ headers, endStream, signal, urgent }: LaneRequest): Promise<{ readonly session: UpstreamSession; readonly stream: ClientHttp2Stream }> {
    for (;;) {
      if (signal.aborted) throw clientGone();
      // In one turn of the event loop: the next one finds that much less room.
      const serving = this.#serving.slice(0, urgent === undefined ? mostSessions : Infinity);
      const session = serving.find(({ hasRoom, isDoubtful }) => hasRoom && !(urgent === 'sure' && isDoubtful));
      if (session !== undefined) return { session, stream: session.request(headers, { endStream, signal }) };
      if (urgent === undefined && serving.length === mostSessions) throw notSent('BUSY', `all ${mostSessions} sessions to the API server are full`);
      const made = await orGone(this.#dial(), signal);
      if (urgent !== undefined && made.hasRoom) return { session: made, stream: made.request(headers, { endStream, signal }) };
    }
  }

  /** There are new credentials: once a session with them is open, the others come to their ends. @throws LinkError */
  async renew(): Promise<void> {
    await this.#dialling?.catch(() => {});
    const before = [...this.#sessions];
    if (before.length === 0) return;
    await this.#dial();
    for (const session of before) session.drain();
  }

  destroy(reason: string): void {
    clearInterval(this.#tidy);
    for (const session of this.#sessions) session.destroy(reason);
  }

  async #dial(): Promise<UpstreamSession> {
    this.#dialling ??= this.#openSession().finally(() => {
      this.#dialling = undefined;
    });
    return await this.#dialling;
  }

  async #openSession(): Promise<UpstreamSession> {
    const { credentials, via } = this.#options;
    const identity = credentials.identity(via);
    if (identity === undefined) throw notSent('NO_NODE_CERTIFICATE', 'this node has no client certificate yet');
    const session = await UpstreamSession.open({ ...this.#options, identity });
    this.#sessions.add(session);
    this.#options.events.opened(session);
    return session;
  }

  get #serving(): UpstreamSession[] {
    return [...this.#sessions].filter(({ takesMore }) => takesMore);
  }

  #closed(session: UpstreamSession): void {
    this.#sessions.delete(session);
  }

  /** The first one stays: it is the one that watches over the link. */
  #closeIdle(): void {
    for (const session of this.#serving.slice(1)) if (session.isIdle) session.drain();
  }
}
