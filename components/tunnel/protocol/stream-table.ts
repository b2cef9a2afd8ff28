import { ProtocolError } from './errors.ts';
import { maxStreamId } from './frame.ts';
import type { TunnelStream } from './stream.ts';

/** The streams of a session, and what is known of those that were: ids go up, and none is used twice. */
export class StreamTable {
  readonly #streams = new Map<number, TunnelStream>();
  /** Of the ids that this end gives, and of those that the peer does: odd or even. */
  readonly #ownParity: 0 | 1;
  #nextId: number;
  #lastPeerId = 0;
  #peerCount = 0;
  /** Bytes that may still come for streams that were reset here. */
  #strayAllowance = 0;

  constructor(side: 'tls-server' | 'tls-client') {
    this.#ownParity = side === 'tls-server' ? 1 : 0;
    this.#nextId = side === 'tls-server' ? 1 : 2;
  }

  get size(): number {
    return this.#streams.size;
  }

  get ownCount(): number {
    return this.#streams.size - this.#peerCount;
  }

  get peerCount(): number {
    return this.#peerCount;
  }

  values(): Iterable<TunnelStream> {
    return this.#streams.values();
  }

  /** Of the next stream that this end opens. */
  get nextId(): number {
    return this.#nextId;
  }

  get idsUsedUp(): boolean {
    return this.#nextId > maxStreamId;
  }

  isPeers(id: number): boolean {
    return id % 2 !== this.#ownParity;
  }

  addOwn(stream: TunnelStream): void {
    this.#streams.set(stream.id, stream);
    this.#nextId += 2;
  }

  /** The peer opens a stream: from here on its id was used, whatever becomes of it. @throws ProtocolError for one that it may not use */
  claim(id: number): void {
    if (!this.isPeers(id)) throw new ProtocolError(`OPEN of stream ${id}: its parity is this end's`);
    if (id <= this.#lastPeerId) throw new ProtocolError(`OPEN of stream ${id} after ${this.#lastPeerId}`);
    this.#lastPeerId = id;
  }

  addPeers(stream: TunnelStream): void {
    this.#streams.set(stream.id, stream);
    this.#peerCount += 1;
  }

  /** @param strayBytes how many bytes of it may still be on their way @returns false when it was not there */
  remove(stream: TunnelStream, strayBytes: number): boolean {
    if (!this.#streams.delete(stream.id)) return false;
    this.#strayAllowance += strayBytes;
    if (this.isPeers(stream.id)) this.#peerCount -= 1;
    return true;
  }

  /** The stream of a frame. Undefined for one that is over: the frame was on its way. @throws ProtocolError for one that never was */
  find(id: number, frame: string): TunnelStream | undefined {
    const stream = this.#streams.get(id);
    if (stream !== undefined) return stream;
    const was = this.isPeers(id) ? id <= this.#lastPeerId : id < this.#nextId;
    if (!was) throw new ProtocolError(`${frame} for stream ${id}, which was never opened`);
    return undefined;
  }

  /** The stream of a frame that only an opened stream gets, and no DATA or FIN after the FIN. @throws ProtocolError */
  flowing(id: number, frame: 'DATA' | 'CREDIT' | 'FIN'): TunnelStream | undefined {
    const stream = this.find(id, frame);
    if (stream === undefined) return undefined;
    if (!stream.isOpened) throw new ProtocolError(`${frame} for stream ${id} before OPENED`);
    if (stream.finReceived && frame !== 'CREDIT') throw new ProtocolError(`${frame} for stream ${id} after its FIN`);
    return stream;
  }

  /** DATA for a stream that is over. @throws ProtocolError for more than may have been on its way */
  stray(id: number, bytes: number): void {
    this.#strayAllowance -= bytes;
    if (this.#strayAllowance < 0) throw new ProtocolError(`${bytes} bytes of DATA for stream ${id}, which is over`);
  }
}
