import { randomBytes } from 'node:crypto';
import type { SessionConfig } from './config.ts';

export interface LivenessCalls {
  ping(opaque: Buffer): void;
  /** The peer was silent for too long. Called once. */
  dead(reason: string): void;
  /** The peer has not said who it is in time. Called once. */
  noHello(reason: string): void;
}

/** Half a minute of PINGs: a way that has become longer counts after that. */
const keptRoundTrips = 8;

/**
 * Finds out that a peer is gone although no socket says so: a black hole sends no RST. Bytes of any kind are a sign of
 * life. Also measures the round trip, of busy sessions too, because windows are tuned by it.
 */
export class Liveness {
  readonly #config: SessionConfig;
  readonly #calls: LivenessCalls;
  readonly #timer: NodeJS.Timeout;
  #startedAt = performance.now();
  #tickedAt = this.#startedAt;
  #heardAt = this.#startedAt;
  #ready = false;
  /** The last PING, and when it was sent. */
  #opaque: Buffer | undefined;
  #pingedAt = 0;
  #answered = true;
  #heardSincePing = true;
  /** The last few, oldest first. */
  readonly #roundTrips: number[] = [];

  constructor(config: SessionConfig, calls: LivenessCalls) {
    this.#config = config;
    this.#calls = calls;
    this.#timer = setInterval(() => this.#tick(), config.tickMs);
  }

  /** Of the last PING, in milliseconds; 0 before the first PONG. */
  get roundTripMs(): number {
    return this.#roundTrips.at(-1) ?? 0;
  }

  /**
   * The shortest of the last few, in milliseconds; 0 before the first PONG. A PONG that stood behind DATA says how much of it
   * is under way, not how long the way is.
   */
  get leastRoundTripMs(): number {
    return this.#roundTrips.length === 0 ? 0 : Math.min(...this.#roundTrips);
  }

  /** The HELLO is here: the round trip is measured at once. */
  ready(): void {
    this.#ready = true;
    this.#sendPing();
  }

  heard(): void {
    this.#heardAt = performance.now();
    this.#heardSincePing = true;
  }

  /** A PONG that answers no PING of ours means nothing, and does no harm. */
  pong(opaque: Buffer): void {
    if (this.#answered || !opaque.equals(this.#opaque!)) return;
    this.#answered = true;
    const now = performance.now();
    // While this process was stopped no trip took place.
    if (this.#isLate(now)) return;
    this.#roundTrips.push(now - this.#pingedAt);
    if (this.#roundTrips.length > keptRoundTrips) this.#roundTrips.shift();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sendPing(): void {
    this.#opaque = randomBytes(8);
    this.#pingedAt = performance.now();
    this.#answered = false;
    this.#heardSincePing = false;
    this.#calls.ping(this.#opaque);
  }

  #tick(): void {
    const { tickMs, helloWithinMs, pingAfterMs, pongWithinMs } = this.#config;
    const now = performance.now();
    if (this.#isLate(now)) this.#forgive(now, now - this.#tickedAt - tickMs);
    this.#tickedAt = now;
    if (!this.#ready) {
      if (now - this.#startedAt > helloWithinMs) {
        this.stop();
        this.#calls.noHello(`no HELLO within ${helloWithinMs / 1000} s`);
      }
      return;
    }
    if (!this.#heardSincePing) {
      if (now - this.#pingedAt < pongWithinMs) return;
      this.stop();
      return this.#calls.dead(`silent for ${((now - this.#heardAt) / 1000).toFixed(1)} s`);
    }
    // After other bytes, but not the PONG: it may be far back behind them, and is waited for as long as they come.
    if (now - (this.#answered ? this.#pingedAt : this.#heardAt) >= pingAfterMs) this.#sendPing();
  }

  #isLate(now: number): boolean {
    return now - this.#tickedAt > 2 * this.#config.tickMs;
  }

  /** This process itself was stopped or overloaded: what the peer sent meanwhile is still to be read. That is no silence. */
  #forgive(now: number, lostMs: number): void {
    this.#startedAt += lostMs;
    this.#heardAt = Math.min(now, this.#heardAt + lostMs);
    this.#pingedAt = Math.min(now, this.#pingedAt + lostMs);
  }
}
