import { StreamError } from './errors.ts';
import { creditFrame, finFrame, openedFrame, resetFrame } from './encode.ts';
import type { ReasonCode } from './frame.ts';
import { Outgoing } from './outgoing.ts';
import type { ReceiveWindow } from './receive-window.ts';
import type { StreamHandler } from './stream-handler.ts';

/** The session as its streams see it. */
export interface StreamCarrier {
  sendControl(frame: Buffer): void;
  /** The same for one that the peer waits for. */
  sendUrgent(frame: Buffer): void;
  /** One DATA frame. @param bytes of all pieces */
  sendData(streamId: number, pieces: readonly Buffer[], bytes: number): void;
  /** Puts the stream in line for its turn, or gives it one at once. */
  queue(stream: TunnelStream): void;
  /** The stream is over. @param strayBytes how many bytes of it may still be on their way */
  forget(stream: TunnelStream, strayBytes: number): void;
  /** Whoever used a stream that is over has been told. */
  settled(): void;
}

/** One connection through the tunnel. */
export class TunnelStream {
  readonly id: number;
  readonly target: string;
  /** From the peer to its user. */
  receivedBytes = 0;
  /** In the carrier's line (the carrier keeps this). */
  queued = false;
  /** Told when the stream ends before it was accepted: whoever is dialling for it may stop. */
  onClosedEarly: ((error: StreamError | undefined) => void) | undefined;
  readonly #carrier: StreamCarrier;
  readonly #receive: ReceiveWindow;
  readonly #outgoing = new Outgoing();
  #handler: StreamHandler | undefined;
  /** The credit that came with the OPEN: it counts once this end has said OPENED. */
  #offeredCredit: number;
  #opened = false;
  #consumedBytes = 0;
  /** Of the DATA frame that is coming in. */
  #frameBytes = 0;
  #endWanted = false;
  #finSent = false;
  #finReceived = false;
  #closed = false;
  #error: StreamError | undefined;

  constructor(id: number, target: string, carrier: StreamCarrier, receive: ReceiveWindow, handler?: StreamHandler, offeredCredit = 0) {
    this.id = id;
    this.target = target;
    this.#carrier = carrier;
    this.#receive = receive;
    this.#handler = handler;
    this.#offeredCredit = offeredCredit;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get isOpened(): boolean {
    return this.#opened;
  }

  /** Credit that the peer has. */
  get outstandingBytes(): number {
    return this.#receive.outstandingBytes;
  }

  /** From its user to the session. */
  get sentBytes(): number {
    return this.#outgoing.sentBytes;
  }

  /** Times that it had bytes to send and no credit. */
  get stalls(): number {
    return this.#outgoing.stalls;
  }

  /** Written, and not with the session yet. */
  get pendingBytes(): number {
    return this.#outgoing.pendingBytes;
  }

  /** True while the peer's lack of credit, not the link, is what it waits for. */
  get stalled(): boolean {
    return this.#outgoing.stalled;
  }

  /** The accepting end: the target is reached, bytes may flow. The handler of a stream that is over is told so at once. */
  accept(handler: StreamHandler): void {
    if (this.#opened) return;
    this.#opened = true;
    if (this.#closed) return handler.closed(this.#error);
    this.#handler = handler;
    this.#carrier.sendUrgent(openedFrame(this.id, this.#receive.outstandingBytes));
    this.#outgoing.addCredit(this.#offeredCredit);
    this.#begin();
  }

  /**
   * Sends bytes to the peer; they must not be changed afterwards. Writing to a closed or ended stream does nothing.
   * Before the stream is opened, bytes wait.
   *
   * @returns false when the writer should wait for `writable` before it writes more
   */
  write(bytes: Buffer): boolean {
    if (this.#closed || this.#endWanted || bytes.length === 0) return true;
    this.#outgoing.push(bytes);
    this.#enqueue();
    return this.#outgoing.hasRoom();
  }

  /** No more bytes from this end; what was written still goes out. */
  end(): void {
    if (this.#closed || this.#endWanted) return;
    this.#endWanted = true;
    this.#finish();
  }

  /** Bytes that `data` had given were passed on. */
  consumed(bytes: number): void {
    this.#consumedBytes += bytes;
    if (this.#closed) return this.#releaseWhenDrained();
    if (this.#finReceived) return;
    const credit = this.#receive.drained(bytes);
    if (credit > 0) this.#carrier.sendControl(creditFrame(this.id, credit));
  }

  /** Ends the stream at once, at both ends. */
  reset(code: ReasonCode, reason: string): void {
    if (this.#closed) return;
    this.#carrier.sendControl(resetFrame(this.id, code, reason));
    this.#close(new StreamError(code, reason, 'here'), this.#finReceived ? 0 : this.#receive.outstandingBytes);
  }

  // What follows is the session's to call.

  /** One fair share: a frame. @returns true when it could send more right away */
  takeTurn(): boolean {
    const outgoing = this.#outgoing;
    const bytes = outgoing.frameBytes;
    if (bytes === 0) return false; // it was closed while it stood in line
    this.#carrier.sendData(this.id, outgoing.take(bytes), bytes);
    this.#handler?.sent?.();
    if (outgoing.pendingBytes === 0) this.#drained();
    return outgoing.canSend;
  }

  /** @throws ProtocolError for a credit that is none */
  onOpened(credit: number): void {
    this.#outgoing.addCredit(credit);
    this.#opened = true;
    this.#handler?.opened?.();
    this.#begin();
  }

  /** @throws ProtocolError for a credit that is none */
  onCredit(bytes: number): void {
    this.#outgoing.addCredit(bytes);
    this.#enqueue();
  }

  /** @throws ProtocolError for more than there was credit for */
  onDataStart(bytes: number): void {
    this.#receive.received(bytes);
    this.#frameBytes = bytes;
  }

  onData(piece: Buffer): void {
    this.receivedBytes += piece.length;
    this.#handler?.data(piece, piece.length === this.#frameBytes);
  }

  get finReceived(): boolean {
    return this.#finReceived;
  }

  onFin(): void {
    this.#finReceived = true;
    this.#handler?.end();
    if (this.#finSent) this.#close(undefined, 0);
  }

  /** The peer, or the end of the session, ended it: nothing more comes. */
  onReset(error: StreamError): void {
    this.#close(error, 0);
  }

  /** What was written, and ended, before the stream was opened. */
  #begin(): void {
    this.#enqueue();
    this.#finish();
  }

  #enqueue(): void {
    if (this.#outgoing.canSend) this.#carrier.queue(this);
  }

  #drained(): void {
    if (this.#outgoing.unblock()) this.#handler?.writable();
    this.#finish();
  }

  /** Says FIN when all that was to be sent has been. */
  #finish(): void {
    if (!this.#endWanted || this.#finSent || !this.#opened || this.#closed || this.#outgoing.pendingBytes > 0) return;
    this.#finSent = true;
    this.#carrier.sendControl(finFrame(this.id));
    if (this.#finReceived) this.#close(undefined, 0);
  }

  #close(error: StreamError | undefined, strayBytes: number): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#error = error;
    this.#outgoing.drop();
    if (error === undefined) this.#releaseWhenDrained();
    else this.#receive.release();
    this.#carrier.forget(this, strayBytes);
    const handler = this.#handler;
    this.#handler = undefined;
    if (handler === undefined) this.onClosedEarly?.(error);
    else handler.closed(error);
    this.#carrier.settled();
  }

  /** Bytes that the far socket has not taken yet are still held here, also after a clean end. */
  #releaseWhenDrained(): void {
    if (this.#consumedBytes >= this.receivedBytes) this.#receive.release();
  }
}
