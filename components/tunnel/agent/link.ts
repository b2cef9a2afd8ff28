import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { Backoff } from '../common/backoff.ts';
import { Session, type CreditBudget, type SessionConfig, type SessionEnd, type SessionHandler } from '../protocol/index.ts';

export interface LinkOptions {
  readonly instance: string;
  /** Dials a server with the credentials of now. */
  connect(signal: AbortSignal): Promise<TLSSocket>;
  readonly stream: NonNullable<SessionHandler['stream']>;
  readonly events: LinkEvents;
  readonly budget?: CreditBudget;
  readonly config?: Partial<SessionConfig>;
  readonly backoff: Backoff;
  /** Milliseconds. Default: 5000. */
  readonly goodAfterMs?: number;
}

/** For logs and metrics. */
export interface LinkEvents {
  connected(session: Session): void;
  draining(session: Session, reason: string): void;
  ended(session: Session, end: SessionEnd): void;
  failed(error: unknown, waitMs: number): void;
}

/** A session that held this long was good: what comes next starts anew with short waits, and it needs no older one beside it. Milliseconds. */
const defaultGoodAfterMs = 5000;
/** When a server is drained, its agents move within this time, not in one moment. Milliseconds. */
const moveWithinMs = 500;

/**
 * Keeps one session to the cloud: opens another when it ends, moves to another server when this one is drained, and
 * lets the old session's streams come to their ends.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #goodAfterMs: number;
  readonly #sessions = new Set<Session>();
  /** Ends the wait for a reason to open another session. */
  #moveOn: (() => void) | undefined;
  /** The credentials are not those of the session that there is, or that is being opened. */
  #stale = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#goodAfterMs = options.goodAfterMs ?? defaultGoodAfterMs;
  }

  /** The session that takes new streams, if there is one. */
  get current(): Session | undefined {
    return [...this.#sessions].findLast(({ isReady, isDraining }) => isReady && !isDraining);
  }

  get sessions(): ReadonlySet<Session> {
    return this.#sessions;
  }

  /** Moves to a new session, with the credentials of now. The old one serves until the new one has held for a while. */
  renew(): void {
    this.#stale = true;
    this.#moveOn?.();
  }

  /** Runs until aborted; then it drains, and ends when the last stream has or `drainMs` are over. */
  async run(signal: AbortSignal, drainMs: number): Promise<void> {
    const { connect, backoff, events } = this.#options;
    while (!signal.aborted) {
      this.#stale = false;
      try {
        const socket = await connect(signal);
        const startedAt = performance.now();
        const outcome = await this.#hold(socket, signal);
        const good = performance.now() - startedAt >= this.#goodAfterMs;
        if (good) backoff.reset();
        // Two agents with one name would chase each other, and so would an agent and a server that is being stopped.
        await pause(good && outcome === 'move' ? Math.random() * moveWithinMs : backoff.next(), signal);
      } catch (error) {
        if (signal.aborted) break;
        const waitMs = backoff.next();
        events.failed(error, waitMs);
        await pause(waitMs, signal);
      }
    }
    await this.#leave(drainMs);
  }

  /** One session, until another one is needed. */
  async #hold(socket: TLSSocket, signal: AbortSignal): Promise<'lost' | 'move'> {
    const { promise, resolve } = Promise.withResolvers<'lost' | 'move'>();
    const moveOn = (): void => resolve('move');
    signal.addEventListener('abort', moveOn);
    this.#moveOn = moveOn;
    this.#open(socket, resolve);
    if (signal.aborted || this.#stale) moveOn();
    try {
      return await promise;
    } finally {
      this.#moveOn = undefined;
      signal.removeEventListener('abort', moveOn);
    }
  }

  #open(socket: TLSSocket, over: (outcome: 'lost' | 'move') => void): void {
    const { instance, stream, events, budget, config } = this.#options;
    let held: NodeJS.Timeout | undefined;
    const session: Session = new Session(socket, {
      side: 'tls-client',
      instance,
      ...(budget && { budget }),
      ...(config && { config }),
      handler: {
        stream,
        ready: () => {
          events.connected(session);
          // Of one with another server nobody else would say that it is no longer wanted: it would take streams until its certificate ends.
          held = setTimeout(() => this.#drainOlder(session), this.#goodAfterMs);
        },
        draining: (reason) => {
          events.draining(session, reason);
          over('move');
        },
        ended: (end) => {
          clearTimeout(held);
          this.#sessions.delete(session);
          events.ended(session, end);
          over('lost');
        },
      },
    });
    this.#sessions.add(session);
  }

  #drainOlder(than: Session): void {
    if (than.isDraining) return;
    for (const session of this.#sessions) {
      if (session === than) return;
      session.drain('a newer session of this agent has taken over');
    }
  }

  async #leave(drainMs: number): Promise<void> {
    for (const session of this.#sessions) session.drain('the agent is being stopped');
    const deadline = Date.now() + drainMs;
    while (this.#sessions.size > 0 && Date.now() < deadline) await sleep(50);
    for (const session of this.#sessions) session.close('CANCELLED', 'the agent was stopped');
  }
}

const pause = async (ms: number, signal: AbortSignal): Promise<void> => await sleep(ms, undefined, { signal }).catch(() => {});
