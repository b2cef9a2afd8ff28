import type { TLSSocket } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from '../common/backoff.ts';
import { relay, Session, type CreditBudget, type SessionConfig, type SessionEnd, type TunnelStream } from '../protocol/index.ts';

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

/**
 * Sessions between the servers, so that every server reaches every agent although each agent has one session. Of two
 * servers the one with the smaller name dials. Nothing is remembered of who has which agent: whoever is asked looks.
 */
export class Peers {
  readonly #options: PeersOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #dialling = new Map<string, AbortController>();
  #wanted = new Map<string, Peer>();

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  /** Those that can be asked. */
  get sessions(): Session[] {
    return [...this.#sessions.values()].filter((session) => session.isReady && !session.isDraining);
  }

  get all(): Iterable<Session> {
    return this.#sessions.values();
  }

  /** How many servers there are, as far as this one knows, without itself. */
  get known(): number {
    return this.#wanted.size;
  }

  /** The servers that there are now: sessions to those that are gone end by themselves. */
  update(peers: readonly Peer[]): void {
    this.#wanted = new Map(peers.filter(({ name }) => name !== this.#options.instance).map((peer) => [peer.name, peer]));
    for (const [name, abort] of this.#dialling) if (!this.#wanted.has(name)) abort.abort();
    for (const peer of this.#wanted.values()) if (peer.name > this.#options.instance && !this.#dialling.has(peer.name)) void this.#keep(peer.name);
  }

  /** A peer has dialled. */
  accept(socket: TLSSocket): void {
    this.#hold(socket, 'tls-server');
  }

  close(): void {
    for (const abort of this.#dialling.values()) abort.abort();
    for (const session of this.#sessions.values()) session.drain('this server is being stopped');
  }

  /** Keeps a session to a peer for as long as there is such a peer. */
  async #keep(name: string): Promise<void> {
    const abort = new AbortController();
    this.#dialling.set(name, abort);
    const backoff = new Backoff({ baseMs: 200, capMs: 3000 });
    while (!abort.signal.aborted) {
      const peer = this.#wanted.get(name);
      if (peer === undefined) break;
      try {
        const ended = this.#hold(await this.#options.dial(peer, abort.signal), 'tls-client', name);
        await Promise.race([ended, new Promise((resolve) => abort.signal.addEventListener('abort', resolve, { once: true }))]);
        backoff.reset();
      } catch (error) {
        if (abort.signal.aborted) break;
        this.#options.events.failed(peer, error);
      }
      await sleep(backoff.next(), undefined, { signal: abort.signal }).catch(() => {});
    }
    this.#dialling.delete(name);
    // It may have come back while this one was ending.
    if (this.#wanted.has(name)) this.update([...this.#wanted.values()]);
  }

  #hold(socket: TLSSocket, side: 'tls-server' | 'tls-client', expected?: string): Promise<SessionEnd> {
    const { instance, stream, events, budget, config } = this.#options;
    return new Promise((resolve) => {
      const session: Session = new Session(socket, {
        side,
        instance,
        budget,
        ...(config && { config }),
        handler: {
          stream,
          ready: ({ peerInstance }) => {
            if (expected !== undefined && peerInstance !== expected) return session.close('REFUSED', `this address is ${peerInstance}'s, not ${expected}'s`);
            const older = this.#sessions.get(peerInstance);
            this.#sessions.set(peerInstance, session);
            older?.drain('a newer session of this peer has taken over');
            events.connected(peerInstance);
          },
          ended: (end) => {
            if (this.#sessions.get(session.peerInstance) === session) this.#sessions.delete(session.peerInstance);
            if (session.peerInstance !== '') events.ended(session.peerInstance, end);
            resolve(end);
          },
        },
      });
    });
  }
}

/** Joins a stream that a peer has asked for to one that was opened for it. */
export function joinPeer(asked: TunnelStream, opened: { readonly stream: TunnelStream; handOver(to: ReturnType<typeof relay>['one']): void }, done: () => void): void {
  const halves = relay(asked, opened.stream, done);
  asked.accept(halves.one);
  opened.handOver(halves.other);
}
