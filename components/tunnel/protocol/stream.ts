import { StreamError } from './errors.ts';
import { creditFrame, finFrame, openedFrame, resetFrame } from './encode.ts';
import { maxDataBytes, type ReasonCode } from './frame.ts';
import type { ReceiveWindow } from './receive-window.ts';
import { SendWindow } from './send-window.ts';

/** What a stream tells whoever uses it. None of these may throw. */
export interface StreamHandler {
  /** The target was reached (the opener is told; the accepting end knows). */
  opened?(): void;
  /** Bytes from the peer. Call `stream.consumed` once they are passed on: only that lets the peer send more. */
  data(piece: Buffer): void;
  /** The peer sends no more; this end may go on sending (half-close). */
  end(): void;
  /** All that `write` had taken is with the session: more may be written. */
  writable(): void;
  /** Exactly once, last. Without an error both ends had said that they were done. */
  closed(error: StreamError | undefined): void;
}

/** The session as its streams see it. */
export interface StreamCarrier {
  sendControl(frame: Buffer): void;
  sendData(streamId: number, piece: Buffer): void;
  /** True when DATA can go out at once: the socket has room, and nobody else waits for a turn. */
  readonly idle: boolean;
  /** Puts the stream in line for its turn. */
  queue(stream: TunnelStream): void;
  forget(stream: TunnelStream): void;
}

/** One connection through the tunnel. */
export class TunnelStream {
  readonly id: number;
  readonly target: string;
  /** Bytes through this stream: from its user to the peer, and back. */
  sentBytes = 0;
  receivedBytes = 0;
  /** Times that it had bytes to send and no credit. */
  stalls = 0;
  /** In the carrier's line (the carrier keeps this). */
  queued = false;
  /** Told when the stream ends before it was accepted: whoever is dialling for it may stop. */
  onClosedEarly: ((error: StreamError | undefined) => void) | undefined;
  readonly #carrier: StreamCarrier;
  readonly #receive: ReceiveWindow;
  readonly #send = new SendWindow();
  #handler: StreamHandler | undefined;
  #opened = false;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #consumedBytes = 0;
  #endWanted = false;
  #finSent = false;
  #finReceived = false;
  #closed = false;

  constructor(id: number, target: string, carrier: StreamCarrier, receive: ReceiveWindow, handler?: StreamHandler) {
    this.id = id;
    this.target = target;
    this.#carrier = carrier;
    this.#receive = receive;
    this.#handler = handler;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get isOpened(): boolean {
    return this.#opened;
  }

  /** Bytes that the peer may still send: after a reset they may be on their way. */
  get outstandingBytes(): number {
    return this.#receive.outstandingBytes;
  }

  /** Written, and not with the session yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** True while the peer's lack of credit, not the link, is what it waits for. */
  get stalled(): boolean {
    return this.#pendingBytes > 0 && this.#send.credit === 0;
  }

  /** The accepting end: the target is reached, bytes may flow. */
  accept(handler: StreamHandler): void {
    if (this.#closed || this.#opened) return;
    this.#handler = handler;
    this.#opened = true;
    this.#carrier.sendControl(openedFrame(this.id, this.#receive.outstandingBytes));
  }

  /**
   * Sends bytes to the peer; they must not be changed afterwards. Writing to a closed stream does nothing.
   *
   * @returns false when the writer should wait for `writable` before it writes more
   */
  write(bytes: Buffer): boolean {
    if (this.#closed || this.#endWanted || bytes.length === 0) return true;
    if (this.#pendingBytes === 0 && bytes.length <= maxDataBytes && bytes.length <= this.#send.credit && this.#carrier.idle) {
      this.#sendPiece(bytes);
      return true;
    }
    this.#pending.push(bytes);
    if (this.#pendingBytes === 0 && this.#send.credit === 0) this.stalls += 1;
    this.#pendingBytes += bytes.length;
    this.#enqueue();
    return false;
  }

  /** No more bytes from this end; what was written still goes out. */
  end(): void {
    if (this.#closed || this.#endWanted) return;
    this.#endWanted = true;
    if (this.#pendingBytes === 0) this.#sendFin();
  }

  /** Bytes that `data` had given were passed on. */
  consumed(bytes: number): void {
    this.#consumedBytes += bytes;
    if (this.#closed) return this.#releaseWhenDrained();
    const credit = this.#receive.drained(bytes);
    if (credit > 0 && !this.#finReceived) this.#carrier.sendControl(creditFrame(this.id, credit));
  }

  /** Ends the stream at once, at both ends. */
  reset(code: ReasonCode, reason: string): void {
    if (this.#closed) return;
    this.#carrier.sendControl(resetFrame(this.id, code, reason));
    this.#close(new StreamError(code, reason, 'here'));
  }

  // What follows is the session's to call.

  /** One fair share. @returns true when it could send more right away */
  takeTurn(): boolean {
    if (this.#closed || this.#pendingBytes === 0 || this.#send.credit === 0) return false;
    const first = this.#pending[0]!;
    const bytes = Math.min(first.length, this.#send.credit, maxDataBytes);
    if (bytes === first.length) this.#pending.shift();
    else this.#pending[0] = first.subarray(bytes);
    this.#pendingBytes -= bytes;
    this.#sendPiece(bytes === first.length ? first : first.subarray(0, bytes));
    if (this.#pendingBytes > 0) {
      if (this.#send.credit === 0) this.stalls += 1;
      return this.#send.credit > 0;
    }
    if (this.#endWanted) this.#sendFin();
    else this.#handler?.writable();
    return this.#pendingBytes > 0 && this.#send.credit > 0;
  }

  onOpened(credit: number): void {
    this.#opened = true;
    if (credit > 0) this.#send.add(credit);
    this.#handler?.opened?.();
    this.#enqueue();
  }

  onCredit(bytes: number): void {
    this.#send.add(bytes);
    this.#enqueue();
  }

  onDataStart(bytes: number): void {
    this.#receive.received(bytes);
  }

  onData(piece: Buffer): void {
    this.receivedBytes += piece.length;
    this.#handler?.data(piece);
  }

  get finReceived(): boolean {
    return this.#finReceived;
  }

  onFin(): void {
    this.#finReceived = true;
    this.#handler?.end();
    if (this.#finSent) this.#close(undefined);
  }

  /** The peer, or the end of the session, ended it. */
  onReset(error: StreamError): void {
    this.#close(error);
  }

  #enqueue(): void {
    if (this.#pendingBytes > 0 && this.#send.credit > 0) this.#carrier.queue(this);
  }

  #sendPiece(piece: Buffer): void {
    this.#send.spend(piece.length);
    this.sentBytes += piece.length;
    this.#carrier.sendData(this.id, piece);
  }

  #sendFin(): void {
    this.#finSent = true;
    this.#carrier.sendControl(finFrame(this.id));
    if (this.#finReceived) this.#close(undefined);
  }

  #close(error: StreamError | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pending = [];
    this.#pendingBytes = 0;
    if (error === undefined) this.#releaseWhenDrained();
    else this.#receive.release();
    this.#carrier.forget(this);
    const handler = this.#handler;
    this.#handler = undefined;
    if (handler === undefined) this.onClosedEarly?.(error);
    else handler.closed(error);
  }

  /** Bytes that the far socket has not taken yet are still held here, also after a clean end. */
  #releaseWhenDrained(): void {
    if (this.#consumedBytes >= this.receivedBytes) this.#receive.release();
  }
}
