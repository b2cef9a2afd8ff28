import type { TLSSocket } from 'node:tls';
import { CreditBudget } from './budget.ts';
import { Company } from './company.ts';
import { defaultSessionConfig, type SessionConfig } from './config.ts';
import { FrameDecoder } from './decode.ts';
import { goawayFrame, helloFrame, openFrame, pingFrame, resetFrame } from './encode.ts';
import { ProtocolError, SessionUnavailableError, StreamError } from './errors.ts';
import { FrameWriter, smallBytes } from './frame-writer.ts';
import { frameTypes, type ReasonCode } from './frame.ts';
import { drainedLingerMs, hangUp, lingerMs } from './hang-up.ts';
import { Incoming, type IncomingOwner } from './incoming.ts';
import { Liveness } from './liveness.ts';
import { ReceiveWindow, type ReceiveWindowOptions } from './receive-window.ts';
import type { SessionEnd, SessionHandler, SessionOptions } from './session-options.ts';
import type { StreamHandler } from './stream-handler.ts';
import { StreamTable } from './stream-table.ts';
import { TunnelStream, type StreamCarrier } from './stream.ts';
import { Turns } from './turns.ts';

/** Many streams over one TLS connection. */
export class Session implements StreamCarrier, IncomingOwner {
  readonly config: SessionConfig;
  readonly socket: TLSSocket;
  /** The peer's instance name, once it has said it. */
  peerInstance = '';
  readonly #handler: SessionHandler;
  readonly #writer: FrameWriter;
  readonly #incoming: Incoming;
  readonly #decoder: FrameDecoder;
  readonly #streams: StreamTable;
  readonly #turns = new Turns();
  readonly #company = new Company();
  readonly #budget: CreditBudget;
  readonly #windows: ReceiveWindowOptions;
  readonly #liveness: Liveness;
  readonly #dataBacklogBytes: number;
  #peerMaxStreams = 0;
  #draining: { readonly by: 'here' | 'peer'; readonly reason: string } | undefined;
  #end: SessionEnd | undefined;

  /** @param socket after its handshake; the session owns it from here on */
  constructor(socket: TLSSocket, options: SessionOptions) {
    this.config = { ...defaultSessionConfig, ...options.config };
    this.socket = socket;
    this.#handler = options.handler;
    this.#streams = new StreamTable(options.side);
    this.#budget = new CreditBudget(this.config.sessionMemoryBytes, options.budget);
    this.#windows = {
      initialBytes: this.config.initialWindowBytes,
      maxBytes: this.config.maxWindowBytes,
      sharedBytes: this.config.sharedWindowBytes,
      shared: (streamId, now) => this.#company.hasOther(streamId, now),
      budget: this.#budget,
      roundTripMs: () => this.#liveness.leastRoundTripMs,
      now: () => performance.now(),
    };
    this.#writer = new FrameWriter(socket, () => this.#pump());
    // Below its high-water mark a socket does not say when it has drained.
    this.#dataBacklogBytes = Math.max(this.config.dataBacklogBytes, socket.writableHighWaterMark);
    this.#liveness = new Liveness(this.config, {
      ping: (opaque) => this.sendControl(pingFrame(frameTypes.PING, opaque)),
      dead: (reason) => this.#lost(reason),
      noHello: (reason) => this.close('PROTOCOL', reason),
    });
    this.#incoming = new Incoming(this, this.#streams, this.#company, this.#liveness);
    this.#decoder = new FrameDecoder(this.#incoming);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#feed(chunk));
    socket.on('drain', () => this.#writer.soon());
    socket.on('end', () => this.#lost('the peer closed the connection'));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#lost(error.code ?? error.message));
    socket.on('close', () => this.#lost('the connection was closed'));
    this.sendControl(helloFrame(this.config.maxStreams, options.instance));
    // It has told of its end already, when nobody listened.
    if (socket.destroyed || socket.readableEnded) process.nextTick(() => this.#lost('the connection was closed'));
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  get streams(): Iterable<TunnelStream> {
    return this.#streams.values();
  }

  get isReady(): boolean {
    return this.#incoming.isReady && this.#end === undefined;
  }

  get ended(): SessionEnd | undefined {
    return this.#end;
  }

  get isDraining(): boolean {
    return this.#draining !== undefined;
  }

  /** Milliseconds, as last measured. */
  get roundTripMs(): number {
    return this.#liveness.roundTripMs;
  }

  /** Credit promised to the peer: what this session may come to hold, in bytes. */
  get promisedBytes(): number {
    return this.#budget.usedBytes;
  }

  /**
   * Asks the peer for a connection.
   *
   * @param target `host:port`
   * @param deadlineMs how long the peer may take; the stream is reset (TIMEOUT) when it has not answered by then and the
   *   time that an answer needs on its way. Milliseconds.
   * @throws SessionUnavailableError DRAINING, BUSY, or why the session has ended; RangeError for a target that is none
   */
  open(target: string, deadlineMs: number, handler: StreamHandler): TunnelStream {
    if (this.#end !== undefined) throw new SessionUnavailableError(this.#end.code, `the session has ended: ${this.#end.reason}`);
    if (!this.#incoming.isReady) throw new SessionUnavailableError('BUSY', 'the peer has not said hello yet');
    if (this.#draining !== undefined) throw new SessionUnavailableError('DRAINING', `the session is being drained: ${this.#draining.reason}`);
    if (this.#streams.ownCount >= this.#peerMaxStreams) throw new SessionUnavailableError('BUSY', `the peer takes ${this.#peerMaxStreams} streams at once`);
    const window = this.#window(this.#streams.nextId);
    if (window === undefined) throw new SessionUnavailableError('BUSY', 'no memory left for another stream');
    const stream = new TunnelStream(this.#streams.nextId, target, this, window, handler);
    try {
      this.sendUrgent(openFrame(stream.id, window.outstandingBytes, deadlineMs, target));
    } catch (error) {
      window.release();
      throw error;
    }
    this.#streams.addOwn(stream);
    if (this.#streams.idsUsedUp) this.drain('all its stream ids are used up');
    return stream;
  }

  /** Takes no new streams; ends by itself when the last one has. */
  drain(reason: string): void {
    if (this.#end !== undefined || this.#draining !== undefined) return;
    this.#draining = { by: 'here', reason };
    this.sendControl(goawayFrame('DRAINING', reason));
    this.#endIfDrained();
  }

  /** Ends the session and all its streams now, telling the peer why. */
  close(code: ReasonCode, reason: string): void {
    this.#finish({ code, reason, by: 'here' });
  }

  // StreamCarrier: for the streams.

  sendControl(frame: Buffer): void {
    this.#writer.control(frame);
  }

  sendData(streamId: number, pieces: readonly Buffer[], bytes: number): void {
    this.#writer.data(streamId, pieces, bytes);
  }

  sendUrgent(frame: Buffer): void {
    this.#writer.urgent(frame);
  }

  queue(stream: TunnelStream): void {
    if (stream.pendingBytes <= smallBytes && this.#turns.empty && this.#writer.isIdle && !stream.takeTurn()) return;
    this.#turns.add(stream);
    this.#writer.soon();
  }

  forget(stream: TunnelStream, strayBytes: number): void {
    if (this.#streams.remove(stream, strayBytes)) this.#incoming.forget(stream);
  }

  settled(): void {
    this.#endIfDrained();
  }

  // IncomingOwner: for what the peer sends.

  onHello(maxStreams: number, instance: string): void {
    this.#peerMaxStreams = maxStreams;
    this.peerInstance = instance;
    this.#handler.ready?.(this);
  }

  onOpen(id: number, credit: number, deadlineMs: number, target: string): void {
    const refuse = (code: ReasonCode, reason: string): void => this.sendControl(resetFrame(id, code, reason));
    if (this.#draining !== undefined) return refuse('DRAINING', this.#draining.reason);
    if (this.#handler.stream === undefined) return refuse('FORBIDDEN', 'this end opens streams and takes none');
    if (this.#streams.peerCount >= this.config.maxStreams) return refuse('BUSY', `${this.config.maxStreams} streams are open already`);
    const window = this.#window(id);
    if (window === undefined) return refuse('BUSY', 'no memory left for another stream');
    const stream = new TunnelStream(id, target, this, window, undefined, credit);
    this.#streams.addPeers(stream);
    this.#handler.stream(stream, deadlineMs);
  }

  onGoaway(code: ReasonCode, reason: string): void {
    if (code !== 'DRAINING') return this.#finish({ code, reason, by: 'peer' });
    if (this.#draining !== undefined) return;
    this.#draining = { by: 'peer', reason };
    this.#handler.draining?.(reason);
    this.#endIfDrained();
  }

  #window(streamId: number): ReceiveWindow | undefined {
    this.#company.saw(streamId, performance.now());
    return ReceiveWindow.open(streamId, this.#windows);
  }

  #feed(chunk: Buffer): void {
    if (this.#end !== undefined) return;
    this.#liveness.heard();
    try {
      this.#decoder.feed(chunk);
      if (this.#writer.backlogBytes > this.config.controlBacklogBytes + this.#dataBacklogBytes) {
        throw new ProtocolError(`${this.#writer.backlogBytes} bytes of answers that the peer does not read`);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#finish({ code: 'PROTOCOL', reason: error.message, by: 'here' });
    }
  }

  #pump(): void {
    while (this.#writer.backlogBytes < this.#dataBacklogBytes) {
      const stream = this.#turns.take();
      if (stream === undefined) break;
      if (stream.takeTurn()) this.#turns.add(stream);
    }
  }

  #endIfDrained(): void {
    if (this.#draining === undefined || this.#streams.size > 0 || this.#end !== undefined) return;
    this.#finish({ code: 'CANCELLED', reason: this.#draining.reason, by: this.#draining.by });
  }

  #lost(why: string): void {
    this.#finish({ code: 'LINK_LOST', reason: why, by: 'link' });
  }

  #finish(end: SessionEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#liveness.stop();
    this.#decoder.stop();
    const drained = this.#draining !== undefined && this.#streams.size === 0;
    if (end.by === 'here') this.sendControl(goawayFrame(end.code, end.reason));
    this.#writer.flush();
    if (end.by === 'link') this.socket.destroy();
    else hangUp(this.socket, drained ? drainedLingerMs : lingerMs);
    const error = new StreamError(this.#streamCode(end.code), end.reason, end.by);
    for (const stream of [...this.#streams.values()]) stream.onReset(error);
    this.#handler.ended(end);
  }

  /** CANCELLED is a good end of a session, and never one of a stream that was open. */
  #streamCode(code: ReasonCode): ReasonCode {
    if (code !== 'CANCELLED') return code;
    return this.#draining === undefined ? 'LINK_LOST' : 'DRAINING';
  }
}
