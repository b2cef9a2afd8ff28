import { randomBytes } from 'node:crypto';
import type { SessionConfig } from './config.ts';

export interface LivenessCalls {
  ping(opaque: Buffer): void;
  /** The peer was silent for too long. Called once. */
  dead(reason: string): void;
}

/**
 * Finds out that a peer is gone although no socket says so: a black hole sends no RST. Bytes of any kind are a sign of
 * life, so a busy session sends no PING. Also measures the round trip.
 */
export class Liveness {
  readonly #config: SessionConfig;
  readonly #calls: LivenessCalls;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  #heardAt = this.#startedAt;
  #ready = false;
  #ping: { readonly opaque: Buffer; readonly at: number } | undefined;
  #roundTripMs = 0;
  #tickedAt = this.#startedAt;

  constructor(config: SessionConfig, calls: LivenessCalls) {
    this.#config = config;
    this.#calls = calls;
    this.#timer = setInterval(() => this.#tick(), config.tickMs);
  }

  /** Of the last PING, in milliseconds; 0 before the first PONG. */
  get roundTripMs(): number {
    return this.#roundTripMs;
  }

  /** The HELLO is here: the round trip is measured at once, because windows are tuned by it. */
  ready(): void {
    this.#ready = true;
    this.#sendPing();
  }

  heard(): void {
    this.#heardAt = performance.now();
  }

  /** A PONG that answers no PING of ours means nothing, and does no harm. */
  pong(opaque: Buffer): void {
    if (this.#ping === undefined || !opaque.equals(this.#ping.opaque)) return;
    this.#roundTripMs = performance.now() - this.#ping.at;
    this.#ping = undefined;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sendPing(): void {
    this.#ping = { opaque: randomBytes(8), at: performance.now() };
    this.#calls.ping(this.#ping.opaque);
  }

  #tick(): void {
    const now = performance.now();
    const late = now - this.#tickedAt > 2 * this.#config.tickMs;
    this.#tickedAt = now;
    // This process itself was stopped or overloaded: what the peer sent meanwhile is still to be read.
    if (late) return;
    if (!this.#ready) {
      if (now - this.#startedAt > this.#config.helloWithinMs) this.#dead(`no HELLO within ${this.#config.helloWithinMs / 1000} s`);
      return;
    }
    const silentMs = now - this.#heardAt;
    if (this.#ping !== undefined && this.#ping.at >= this.#heardAt) {
      if (now - this.#ping.at >= this.#config.pongWithinMs) this.#dead(`silent for ${(silentMs / 1000).toFixed(1)} s`);
    } else if (silentMs >= this.#config.pingAfterMs) {
      this.#sendPing();
    }
  }

  #dead(reason: string): void {
    this.stop();
    this.#calls.dead(reason);
  }
}
