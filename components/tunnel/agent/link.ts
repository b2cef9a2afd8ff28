import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { Backoff } from '../common/backoff.ts';
import { Session, type CreditBudget, type SessionConfig, type SessionEnd, type SessionHandler } from '../protocol/index.ts';

export interface LinkOptions {
  readonly instance: string;
  connect(signal: AbortSignal): Promise<TLSSocket>;
  readonly stream: NonNullable<SessionHandler['stream']>;
  readonly events: LinkEvents;
  readonly budget?: CreditBudget;
  readonly config?: Partial<SessionConfig>;
  readonly backoff: Backoff;
}

/** For logs and metrics. */
export interface LinkEvents {
  connected(session: Session): void;
  draining(session: Session, reason: string): void;
  ended(session: Session, end: SessionEnd): void;
  failed(error: unknown, waitMs: number): void;
}

/** A session that held this long was good: what comes next starts without a wait. Milliseconds. */
const goodAfterMs = 5000;
/** When a server is drained, its agents move within this time, not in one moment. Milliseconds. */
const moveWithinMs = 500;

/**
 * Keeps one session to the cloud: opens another when it ends, moves to another server when this one is drained, and
 * lets the old session's streams come to their ends.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #sessions = new Set<Session>();
  #current: Session | undefined;
  #renew: (() => void) | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** The session that takes new streams, if there is one. */
  get current(): Session | undefined {
    return this.#current?.isReady === true && !this.#current.isDraining ? this.#current : undefined;
  }

  get sessions(): ReadonlySet<Session> {
    return this.#sessions;
  }

  /** Moves to a new session, with the credentials of now. */
  renew(): void {
    this.#renew?.();
  }

  /** Runs until aborted; then it drains, and ends when the last stream has or `drainMs` are over. */
  async run(signal: AbortSignal, drainMs: number): Promise<void> {
    const { backoff, events } = this.#options;
    while (!signal.aborted) {
      let outcome: 'lost' | 'move';
      const startedAt = performance.now();
      try {
        outcome = await this.#hold(signal);
      } catch (error) {
        if (signal.aborted) break;
        const waitMs = backoff.next();
        events.failed(error, waitMs);
        await pause(waitMs, signal);
        continue;
      }
      if (performance.now() - startedAt >= goodAfterMs) backoff.reset();
      if (outcome === 'move' && backoff.failures === 0) await pause(Math.random() * moveWithinMs, signal);
      else await pause(backoff.next(), signal);
    }
    await this.#leave(drainMs);
  }

  /** One session, from its dial until another one is needed. */
  async #hold(signal: AbortSignal): Promise<'lost' | 'move'> {
    const { connect, instance, stream, events, budget, config } = this.#options;
    const socket = await connect(signal);
    return await new Promise((resolve) => {
      const leave = (): void => resolve('move');
      const session: Session = new Session(socket, {
        side: 'tls-client',
        instance,
        ...(budget && { budget }),
        ...(config && { config }),
        handler: {
          stream,
          ready: () => events.connected(session),
          draining: (reason) => {
            events.draining(session, reason);
            resolve('move');
          },
          ended: (end) => {
            this.#sessions.delete(session);
            signal.removeEventListener('abort', leave);
            events.ended(session, end);
            resolve('lost');
          },
        },
      });
      this.#sessions.add(session);
      this.#current = session;
      signal.addEventListener('abort', leave, { once: true });
      // The server drains the old session once the new one is there; until then it serves.
      this.#renew = leave;
    });
  }

  async #leave(drainMs: number): Promise<void> {
    for (const session of this.#sessions) session.drain('the agent is being stopped');
    const deadline = Date.now() + drainMs;
    while (this.#sessions.size > 0 && Date.now() < deadline) await sleep(50);
    for (const session of this.#sessions) session.close('CANCELLED', 'the agent was stopped');
  }
}

const pause = async (ms: number, signal: AbortSignal): Promise<void> => await sleep(ms, undefined, { signal }).catch(() => {});
