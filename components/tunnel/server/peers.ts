import type { TLSSocket } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from '../common/backoff.ts';
import { Session, type CreditBudget, type SessionConfig, type SessionEnd, type TunnelStream } from '../protocol/index.ts';

export interface Peer {
  /** The Pod's name: unique, and the instance it says it is. */
  readonly name: string;
  readonly address: string;
  /** Default: the same as this server's. */
  readonly port?: number;
}

export interface PeersOptions {
  readonly instance: string;
  readonly dial: (peer: Peer, signal: AbortSignal) => Promise<TLSSocket>;
  /** A peer wants a node that may be here. */
  readonly stream: (stream: TunnelStream, deadlineMs: number) => void;
  readonly events: { connected(name: string): void; ended(name: string, end: SessionEnd): void; failed(peer: Peer, error: unknown): void };
  readonly budget: CreditBudget;
  readonly config?: Partial<SessionConfig>;
}

/** A session that held this long was good: it is dialled again without a wait. Milliseconds. */
const goodAfterMs = 5000;

/**
 * Sessions between the servers, so that every server reaches every agent although each agent has one session. Of two
 * servers the one with the smaller name dials. Nothing is remembered of who has which agent: whoever is asked looks.
 */
export class Peers {
  readonly #options: PeersOptions;
  /** All that have not ended: also those that have said no name yet, and those that a newer one has replaced. */
  readonly #sessions = new Set<Session>();
  /** The newest of each peer. */
  readonly #newest = new Map<string, Session>();
  readonly #dialling = new Map<string, AbortController>();
  #wanted = new Map<string, Peer>();

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  /** Those that can be asked. */
  get sessions(): Session[] {
    return [...this.#newest.values()].filter((session) => session.isReady && !session.isDraining);
  }

  get all(): Iterable<Session> {
    return this.#sessions;
  }

  /** The servers that there are now: sessions to those that are gone end by themselves. */
  update(peers: readonly Peer[]): void {
    this.#wanted = new Map(peers.filter(({ name }) => name !== this.#options.instance).map((peer) => [peer.name, peer]));
    for (const [name, abort] of this.#dialling) if (!this.#wanted.has(name)) abort.abort();
    for (const { name } of this.#wanted.values()) if (name > this.#options.instance && !this.#dialling.has(name)) void this.#keep(name);
  }

  /** A peer has dialled. */
  accept(socket: TLSSocket): void {
    void this.#hold(socket, 'tls-server');
  }

  /** Dials no more, and ends all sessions. */
  close(reason: string): void {
    this.update([]);
    for (const session of this.#sessions) session.close('CANCELLED', reason);
  }

  /** Keeps a session to a peer for as long as there is such a peer. */
  async #keep(name: string): Promise<void> {
    const abort = new AbortController();
    this.#dialling.set(name, abort);
    const gone = new Promise<void>((resolve) => abort.signal.addEventListener('abort', () => resolve(), { once: true }));
    const backoff = new Backoff({ baseMs: 200, capMs: 3000 });
    for (;;) {
      // Each time anew: it may have another address.
      const peer = this.#wanted.get(name);
      if (peer === undefined || abort.signal.aborted) break;
      try {
        const socket = await this.#options.dial(peer, abort.signal);
        const startedAt = performance.now();
        await Promise.race([this.#hold(socket, 'tls-client', name), gone]);
        if (performance.now() - startedAt >= goodAfterMs) backoff.reset();
      } catch (error) {
        if (!abort.signal.aborted) this.#options.events.failed(peer, error);
      }
      await sleep(backoff.next(), undefined, { signal: abort.signal }).catch(() => {});
    }
    this.#dialling.delete(name);
    // It may have come back while this one was ending.
    if (this.#wanted.has(name)) this.update([...this.#wanted.values()]);
  }

  /** @returns how the session ended, when it has */
  #hold(socket: TLSSocket, side: 'tls-server' | 'tls-client', expected?: string): Promise<SessionEnd> {
    const { instance, stream, events, budget, config } = this.#options;
    const { promise, resolve } = Promise.withResolvers<SessionEnd>();
    const session: Session = new Session(socket, {
      side,
      instance,
      budget,
      ...(config && { config }),
      handler: {
        stream,
        ready: ({ peerInstance: name }) => {
          // The address of a Pod that is gone may be another one's by now.
          if (expected !== undefined && name !== expected) return session.close('REFUSED', `this address is ${name}'s, not ${expected}'s`);
          const older = this.#newest.get(name);
          this.#newest.set(name, session);
          older?.drain('a newer session of this peer has taken over');
          events.connected(name);
        },
        ended: (end) => {
          this.#sessions.delete(session);
          const { peerInstance: name } = session;
          if (this.#newest.get(name) === session) this.#newest.delete(name);
          if (name !== '') events.ended(name, end);
          resolve(end);
        },
      },
    });
    this.#sessions.add(session);
    return promise;
  }
}
