import assert from 'node:assert/strict';
import type { TLSSocket } from 'node:tls';
import { FrameDecoder } from '../decode.ts';
import { helloFrame } from '../encode.ts';
import { frameLog, type Frame } from './frame-log.ts';
import { TestEnd, type EndOptions } from './session-pair.ts';
import { TlsPort } from './tls-pair.ts';
import { until } from './until.ts';

/** A session (the server's end), and a peer that writes whatever a test wants and logs the frames that it gets. */
export class RawPeer implements AsyncDisposable {
  readonly end: TestEnd;
  readonly socket: TLSSocket;
  readonly frames: Frame[] = [];
  /** Of all DATA together; the log does not keep them. */
  dataBytes = 0;
  readonly #port: TlsPort;

  private constructor(port: TlsPort, server: TLSSocket, client: TLSSocket, options: EndOptions) {
    this.#port = port;
    this.socket = client;
    const log = frameLog(this.frames, false);
    const decoder = new FrameDecoder({
      ...log,
      data: (stream, piece) => {
        this.dataBytes += piece.length;
        log.data(stream, piece);
      },
    });
    client.on('data', (chunk: Buffer) => decoder.feed(chunk));
    this.end = new TestEnd(server, 'tls-server', options);
  }

  /** @param hello false: the test says it, or does not */
  static async connect(options: EndOptions & { readonly hello?: boolean } = {}): Promise<RawPeer> {
    const { hello = true, ...rest } = options;
    const port = await TlsPort.open();
    const { server, client } = await port.connection();
    const peer = new RawPeer(port, server, client, rest);
    if (!hello) return peer;
    client.write(helloFrame(100, 'raw'));
    await until('the session is ready', () => peer.end.session.isReady);
    return peer;
  }

  write(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  ofType<T extends Frame['type']>(type: T): Extract<Frame, { type: T }>[] {
    return this.frames.filter((frame): frame is Extract<Frame, { type: T }> => frame.type === type);
  }

  /** The session must end because of what this peer did, and say so, here and there. */
  async blamed(reason: RegExp): Promise<void> {
    await until('the session ends', () => this.end.end !== undefined);
    const end = this.end.end!;
    assert.deepEqual([end.code, end.by], ['PROTOCOL', 'here'], end.reason);
    assert.match(end.reason, reason);
    assert.equal(this.end.session.promisedBytes, 0);
    await until('the peer is told', () => this.ofType('GOAWAY').length > 0);
    assert.deepEqual(this.ofType('GOAWAY').at(-1), { type: 'GOAWAY', code: 'PROTOCOL', reason: end.reason });
    await until('the socket is closed', () => this.end.session.socket.closed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end.session.close('CANCELLED', 'the test is over');
    await this.#port[Symbol.asyncDispose]();
    await until('all credit is given back', () => this.end.session.promisedBytes === 0);
  }
}
