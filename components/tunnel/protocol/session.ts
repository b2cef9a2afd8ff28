import type { TLSSocket } from 'node:tls';
import { CreditBudget } from './budget.ts';
import { defaultSessionConfig, type SessionConfig } from './config.ts';
import { FrameDecoder, type FrameSink } from './decode.ts';
import { goawayFrame, helloFrame, openFrame, pingFrame, resetFrame } from './encode.ts';
import { ProtocolError, SessionUnavailableError, StreamError } from './errors.ts';
import { FrameWriter } from './frame-writer.ts';
import { frameTypes, type ReasonCode } from './frame.ts';
import { Liveness } from './liveness.ts';
import { ReceiveWindow } from './receive-window.ts';
import { TunnelStream, type StreamCarrier, type StreamHandler } from './stream.ts';
import { Turns } from './turns.ts';

/** How a session ended. */
export interface SessionEnd {
  readonly code: ReasonCode;
  readonly reason: string;
  readonly by: 'here' | 'peer' | 'link';
}

export interface SessionHandler {
  /** The peer said who it is: the session can be used. */
  ready?(session: Session): void;
  /** The peer asks for a connection. Call `accept` or `reset` on the stream. Default: all are refused. */
  stream?(stream: TunnelStream, deadlineMs: number): void;
  /** The peer takes no new streams; those that are open go on. */
  draining?(reason: string): void;
  /** Exactly once, after the last stream was told. */
  ended(end: SessionEnd): void;
}

export interface SessionOptions {
  /** Which end of the TLS connection this is: it decides the parity of the ids of the streams that this end opens. */
  readonly side: 'tls-server' | 'tls-client';
  /** This process's name, unique for each start. */
  readonly instance: string;
  readonly handler: SessionHandler;
  readonly config?: Partial<SessionConfig>;
  /** What all sessions of this process share. Default: this session's own limit only. */
  readonly budget?: CreditBudget;
}

/** Many streams over one TLS connection. */
export class Session implements StreamCarrier {
  readonly config: SessionConfig;
  readonly socket: TLSSocket;
  /** The peer's instance name, once it has said it. */
  peerInstance = '';
  readonly #side: SessionOptions['side'];
  readonly #handler: SessionHandler;
  readonly #writer: FrameWriter;
  readonly #decoder = new FrameDecoder(this.#sink());
  readonly #streams = new Map<number, TunnelStream>();
  readonly #turns = new Turns();
  readonly #budget: CreditBudget;
  readonly #liveness: Liveness;
  #nextId: number;
  #lastPeerId = 0;
  #peerStreams = 0;
  #peerMaxStreams = 0;
  #ready = false;
  /** DATA of the frame that is coming in goes here; undefined when its stream is over already. */
  #receiving: TunnelStream | undefined;
  /** Bytes that may still come for streams that were reset here. */
  #strayAllowance = 0;
  #draining: { readonly by: 'here' | 'peer'; readonly reason: string } | undefined;
  #end: SessionEnd | undefined;

  /** @param socket after its handshake; the session owns it from here on */
  constructor(socket: TLSSocket, options: SessionOptions) {
    this.config = { ...defaultSessionConfig, ...options.config };
    this.socket = socket;
    this.#side = options.side;
    this.#handler = options.handler;
    this.#nextId = options.side === 'tls-server' ? 1 : 2;
    this.#budget = new CreditBudget(this.config.sessionMemoryBytes, options.budget);
    this.#writer = new FrameWriter(socket);
    this.#liveness = new Liveness(this.config, {
      ping: (opaque) => this.sendControl(pingFrame(frameTypes.PING, opaque)),
      dead: (reason) => this.#finish({ code: 'LINK_LOST', reason, by: 'link' }),
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#feed(chunk));
    socket.on('drain', () => this.#pump());
    socket.on('end', () => this.#lost('the peer closed the connection'));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#lost(error.code ?? error.message));
    socket.on('close', () => this.#lost('the connection was closed'));
    this.sendControl(helloFrame(this.config.maxStreams, options.instance));
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  get streams(): Iterable<TunnelStream> {
    return this.#streams.values();
  }

  get isReady(): boolean {
    return this.#ready && this.#end === undefined;
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
   * @throws SessionUnavailableError DRAINING, BUSY, LINK_LOST
   */
  open(target: string, deadlineMs: number, handler: StreamHandler): TunnelStream {
    if (this.#end !== undefined) throw new SessionUnavailableError(this.#end.code, `the session has ended: ${this.#end.reason}`);
    if (!this.#ready) throw new SessionUnavailableError('BUSY', 'the peer has not said hello yet');
    if (this.#draining !== undefined) throw new SessionUnavailableError('DRAINING', `the session is being drained: ${this.#draining.reason}`);
    const own = this.#streams.size - this.#peerStreams;
    if (own >= this.#peerMaxStreams) throw new SessionUnavailableError('BUSY', `the peer takes ${this.#peerMaxStreams} streams at once`);
    const stream = this.#add(this.#nextId, target, handler);
    if (stream === undefined) throw new SessionUnavailableError('BUSY', 'no memory left for another stream');
    this.#nextId += 2;
    this.sendControl(openFrame(stream.id, stream.outstandingBytes, deadlineMs, target));
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

  get idle(): boolean {
    return this.#turns.empty && this.#writer.backlogBytes < this.config.dataBacklogBytes;
  }

  sendControl(frame: Buffer): void {
    this.#writer.control(frame);
  }

  sendData(streamId: number, piece: Buffer): void {
    this.#writer.data(streamId, piece);
  }

  queue(stream: TunnelStream): void {
    this.#turns.add(stream);
    this.#pump();
  }

  forget(stream: TunnelStream): void {
    if (!this.#streams.delete(stream.id)) return;
    if (!stream.finReceived) this.#strayAllowance += stream.outstandingBytes;
    if (this.#isPeers(stream.id)) this.#peerStreams -= 1;
    if (this.#receiving === stream) this.#receiving = undefined;
    this.#endIfDrained();
  }

  /** What the peer sends. */
  #sink(): FrameSink {
    return {
      hello: (maxStreams, instance) => {
        if (this.#ready) throw new ProtocolError('a second HELLO');
        this.#ready = true;
        this.#peerMaxStreams = maxStreams;
        this.peerInstance = instance;
        this.#liveness.ready();
        this.#handler.ready?.(this);
      },
      open: (id, credit, deadlineMs, target) => this.#opened(id, credit, deadlineMs, target),
      opened: (id, credit) => {
        const stream = this.#known(id, 'OPENED');
        if (stream === undefined) return;
        if (this.#isPeers(id) || stream.isOpened) throw new ProtocolError(`OPENED for stream ${id}, which was not being opened`);
        stream.onOpened(credit);
      },
      dataStart: (id, bytes) => {
        this.#receiving = this.#known(id, 'DATA');
        if (this.#receiving !== undefined) return this.#receiving.onDataStart(bytes);
        this.#strayAllowance -= bytes;
        if (this.#strayAllowance < 0) throw new ProtocolError(`${bytes} bytes of DATA for stream ${id}, which is over`);
      },
      data: (_, piece) => this.#receiving?.onData(piece),
      credit: (id, bytes) => this.#known(id, 'CREDIT')?.onCredit(bytes),
      fin: (id) => this.#known(id, 'FIN')?.onFin(),
      reset: (id, code, reason) => this.#known(id, 'RESET', true)?.onReset(new StreamError(code, reason, 'peer')),
      ping: (opaque) => this.sendControl(pingFrame(frameTypes.PONG, opaque)),
      pong: (opaque) => this.#liveness.pong(opaque),
      goaway: (code, reason) => this.#goaway(code, reason),
    };
  }

  #opened(id: number, credit: number, deadlineMs: number, target: string): void {
    if (!this.#isPeers(id)) throw new ProtocolError(`OPEN of stream ${id}: its parity is this end's`);
    if (id <= this.#lastPeerId) throw new ProtocolError(`OPEN of stream ${id} after ${this.#lastPeerId}`);
    if (id === 0) throw new ProtocolError('OPEN of stream 0');
    this.#lastPeerId = id;
    const refuse = (code: ReasonCode, reason: string): void => this.sendControl(resetFrame(id, code, reason));
    if (this.#draining !== undefined) return refuse('DRAINING', this.#draining.reason);
    if (this.#handler.stream === undefined) return refuse('FORBIDDEN', 'this end opens streams and takes none');
    if (this.#peerStreams >= this.config.maxStreams) return refuse('BUSY', `${this.config.maxStreams} streams are open already`);
    const stream = this.#add(id, target);
    if (stream === undefined) return refuse('BUSY', 'no memory left for another stream');
    this.#peerStreams += 1;
    if (credit > 0) stream.onCredit(credit);
    this.#handler.stream(stream, deadlineMs);
  }

  #add(id: number, target: string, handler?: StreamHandler): TunnelStream | undefined {
    const window = ReceiveWindow.open({
      initialBytes: this.config.initialWindowBytes,
      maxBytes: this.config.maxWindowBytes,
      budget: this.#budget,
      roundTripMs: () => this.#liveness.roundTripMs,
      now: () => performance.now(),
    });
    if (window === undefined) return undefined;
    const stream = new TunnelStream(id, target, this, window, handler);
    this.#streams.set(id, stream);
    return stream;
  }

  /**
   * The stream of a frame. Undefined for one that is over: the frame was on its way.
   *
   * @param early whether the frame may come for a stream that is still being opened
   * @throws ProtocolError for one that never was, or that has no business getting this frame now
   */
  #known(id: number, frame: string, early = frame === 'OPENED'): TunnelStream | undefined {
    const stream = this.#streams.get(id);
    if (stream === undefined) {
      const was = this.#isPeers(id) ? id <= this.#lastPeerId : id < this.#nextId;
      if (!was) throw new ProtocolError(`${frame} for stream ${id}, which was never opened`);
      return undefined;
    }
    if (!early && !stream.isOpened && !this.#isPeers(id)) throw new ProtocolError(`${frame} for stream ${id} before OPENED`);
    if (stream.finReceived && (frame === 'DATA' || frame === 'FIN')) throw new ProtocolError(`${frame} for stream ${id} after its FIN`);
    return stream;
  }

  #isPeers(id: number): boolean {
    return (id % 2 === 1) === (this.#side === 'tls-client');
  }

  #goaway(code: ReasonCode, reason: string): void {
    if (code !== 'DRAINING') return this.#finish({ code, reason, by: 'peer' });
    if (this.#draining !== undefined) return;
    this.#draining = { by: 'peer', reason };
    this.#handler.draining?.(reason);
    this.#endIfDrained();
  }

  #feed(chunk: Buffer): void {
    if (this.#end !== undefined) return;
    this.#liveness.heard();
    try {
      this.#decoder.feed(chunk);
      if (this.#writer.backlogBytes > this.config.controlBacklogBytes + this.config.dataBacklogBytes) {
        throw new ProtocolError(`${this.#writer.backlogBytes} bytes of answers that the peer does not read`);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#finish({ code: 'PROTOCOL', reason: error.message, by: 'here' });
    }
  }

  #pump(): void {
    while (this.#writer.backlogBytes < this.config.dataBacklogBytes) {
      const stream = this.#turns.take();
      if (stream === undefined) return;
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
    if (end.by === 'here') this.sendControl(goawayFrame(end.code, end.reason));
    this.#writer.flush();
    // What is told to the peer is a courtesy: a peer that does not read it must not keep the socket.
    if (end.by === 'link') this.socket.destroy();
    else this.socket.destroySoon();
    const grave = setTimeout(() => this.socket.destroy(), lingerMs);
    this.socket.once('close', () => clearTimeout(grave));
    const streams = [...this.#streams.values()];
    for (const stream of streams) stream.onReset(new StreamError(end.code === 'CANCELLED' ? 'LINK_LOST' : end.code, end.reason, end.by));
    this.#handler.ended(end);
  }
}

/** How long a peer that is told why may take to read it. */
const lingerMs = 1000;
