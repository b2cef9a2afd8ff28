import type { Company } from './company.ts';
import type { FrameSink } from './decode.ts';
import { pingFrame } from './encode.ts';
import { ProtocolError, StreamError } from './errors.ts';
import { frameTypes, maxCredit, type ReasonCode } from './frame.ts';
import type { Liveness } from './liveness.ts';
import type { StreamTable } from './stream-table.ts';
import type { TunnelStream } from './stream.ts';

/** The session as what comes in sees it. */
export interface IncomingOwner {
  sendControl(frame: Buffer): void;
  /** The peer has said who it is. */
  onHello(maxStreams: number, instance: string): void;
  /** The peer asks for a connection; the id is one that it may use. */
  onOpen(id: number, credit: number, deadlineMs: number, target: string): void;
  onGoaway(code: ReasonCode, reason: string): void;
}

/** Holds what a peer sends against the protocol, and hands it to the stream that it is for. */
export class Incoming implements FrameSink {
  readonly #owner: IncomingOwner;
  readonly #streams: StreamTable;
  readonly #company: Company;
  readonly #liveness: Liveness;
  #ready = false;
  /** DATA of the frame that is coming in goes here; undefined when its stream is over already. */
  #receiving: TunnelStream | undefined;

  constructor(owner: IncomingOwner, streams: StreamTable, company: Company, liveness: Liveness) {
    this.#owner = owner;
    this.#streams = streams;
    this.#company = company;
    this.#liveness = liveness;
  }

  /** The HELLO is here. */
  get isReady(): boolean {
    return this.#ready;
  }

  /** The stream is over: what still comes of its frame is nobody's. */
  forget(stream: TunnelStream): void {
    if (this.#receiving === stream) this.#receiving = undefined;
  }

  hello(maxStreams: number, instance: string): void {
    if (this.#ready) throw new ProtocolError('a second HELLO');
    this.#ready = true;
    this.#liveness.ready();
    this.#owner.onHello(maxStreams, instance);
  }

  open(id: number, credit: number, deadlineMs: number, target: string): void {
    this.#afterHello('OPEN');
    this.#streams.claim(id);
    if (credit > maxCredit) throw new ProtocolError(`a credit of ${credit}`);
    this.#owner.onOpen(id, credit, deadlineMs, target);
  }

  opened(id: number, credit: number): void {
    const stream = this.#known(id, 'OPENED');
    if (stream === undefined) return;
    if (this.#streams.isPeers(id) || stream.isOpened) throw new ProtocolError(`OPENED for stream ${id}, which was not being opened`);
    stream.onOpened(credit);
  }

  dataStart(id: number, bytes: number): void {
    this.#receiving = this.#flowing(id, 'DATA');
    this.#company.saw(id, performance.now());
    if (this.#receiving === undefined) this.#streams.stray(id, bytes);
    else this.#receiving.onDataStart(bytes);
  }

  data(_id: number, piece: Buffer): void {
    this.#receiving?.onData(piece);
  }

  credit(id: number, bytes: number): void {
    const stream = this.#flowing(id, 'CREDIT');
    if (bytes === 0) throw new ProtocolError(`a credit of 0 for stream ${id}`);
    stream?.onCredit(bytes);
  }

  fin(id: number): void {
    this.#flowing(id, 'FIN')?.onFin();
  }

  reset(id: number, code: ReasonCode, reason: string): void {
    this.#known(id, 'RESET')?.onReset(new StreamError(code, reason, 'peer'));
  }

  ping(opaque: Buffer): void {
    this.#afterHello('PING');
    this.#owner.sendControl(pingFrame(frameTypes.PONG, opaque));
  }

  pong(opaque: Buffer): void {
    this.#afterHello('PONG');
    this.#liveness.pong(opaque);
  }

  goaway(code: ReasonCode, reason: string): void {
    this.#afterHello('GOAWAY');
    this.#owner.onGoaway(code, reason);
  }

  #known(id: number, frame: string): TunnelStream | undefined {
    this.#afterHello(frame);
    return this.#streams.find(id, frame);
  }

  #flowing(id: number, frame: 'DATA' | 'CREDIT' | 'FIN'): TunnelStream | undefined {
    this.#afterHello(frame);
    return this.#streams.flowing(id, frame);
  }

  #afterHello(frame: string): void {
    if (!this.#ready) throw new ProtocolError(`${frame} before HELLO`);
  }
}
