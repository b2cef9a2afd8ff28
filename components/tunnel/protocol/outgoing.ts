import { maxDataBytes } from './frame.ts';
import { Pieces } from './pieces.ts';
import { SendWindow } from './send-window.ts';

/**
 * So much may wait for the end of this turn of the event loop, when it leaves in as few frames as it fills. More, and more
 * than there is credit for, waits with whoever writes it.
 */
const roomBytes = 2 * maxDataBytes;

/** What one stream has to send, and may. */
export class Outgoing {
  /** With the session. */
  sentBytes = 0;
  /** Times that there were bytes to send and no credit. */
  stalls = 0;
  readonly #pending = new Pieces();
  readonly #window = new SendWindow();
  /** Whoever writes was told to wait, and nothing since. */
  #blocked = false;

  get pendingBytes(): number {
    return this.#pending.bytes;
  }

  /** True while the peer's lack of credit, not the link, is what it waits for. */
  get stalled(): boolean {
    return this.#pending.bytes > 0 && this.#window.credit === 0;
  }

  /** There are bytes, and credit for some of them. */
  get canSend(): boolean {
    return this.#pending.bytes > 0 && this.#window.credit > 0;
  }

  /** @throws ProtocolError for more credit than any peer can mean */
  addCredit(bytes: number): void {
    this.#window.add(bytes);
  }

  push(bytes: Buffer): void {
    if (this.#pending.bytes === 0 && this.#window.credit === 0) this.stalls += 1;
    this.#pending.push(bytes);
  }

  /** @returns false when whoever writes has to wait until it is told */
  hasRoom(): boolean {
    if (this.#pending.bytes === 0 || this.#pending.bytes < Math.min(roomBytes, this.#window.credit)) return true;
    this.#blocked = true;
    return false;
  }

  /** How many bytes the next frame has; 0 when there is nothing to send, or no credit. */
  get frameBytes(): number {
    return Math.min(maxDataBytes, this.#pending.bytes, this.#window.credit);
  }

  /** The bytes of the next frame. */
  take(bytes: number): readonly Buffer[] {
    this.#window.spend(bytes);
    this.sentBytes += bytes;
    const pieces = this.#pending.takeUpTo(bytes);
    if (this.stalled) this.stalls += 1;
    return pieces;
  }

  /** Nothing waits any more. @returns whether whoever writes waits to be told */
  unblock(): boolean {
    const was = this.#blocked;
    this.#blocked = false;
    return was;
  }

  drop(): void {
    this.#pending.takeAll();
  }
}
