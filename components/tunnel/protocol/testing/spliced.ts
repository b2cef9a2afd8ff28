import type { Socket } from 'node:net';
import type { StreamError } from '../errors.ts';
import { Splice, type SpliceOptions } from '../splice.ts';
import type { StreamHandler } from '../stream-handler.ts';
import type { TunnelStream } from '../stream.ts';
import { open, Recorder } from './recorder.ts';
import { SessionPair } from './session-pair.ts';
import { socketPair } from './socket-pair.ts';
import { until } from './until.ts';

/** What an application at one end of a tunnel saw of its socket. */
export class App {
  readonly socket: Socket;
  bytes = 0;
  pieces: Buffer[] = [];
  ended = false;
  error: string | undefined;
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      this.pieces.push(chunk);
    });
    socket.on('end', () => { this.ended = true; });
    socket.on('error', (error: NodeJS.ErrnoException) => { this.error = error.code ?? error.message; });
    socket.on('close', () => { this.closed = true; });
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString();
  }
}

/** Two applications, joined by a stream whose two ends are spliced to their sockets. */
export interface Spliced {
  readonly pair: SessionPair;
  readonly client: App;
  readonly target: App;
  /** What the client's end of the stream is spliced to. */
  readonly clientNear: Socket;
  readonly targetNear: Socket;
  readonly clientStream: TunnelStream;
  readonly targetStream: TunnelStream;
  readonly done: { client?: { error: StreamError | undefined }; target?: { error: StreamError | undefined } };
}

/** @param head what the client's socket was read of before it is spliced */
export async function spliced(stack: AsyncDisposableStack, kind: 'tcp' | 'tls' = 'tcp', options: Parameters<typeof SessionPair.connect>[0] & { readonly head?: Buffer; readonly splice?: SpliceOptions } = {}): Promise<Spliced> {
  const [clientSockets, targetSockets] = [stack.use(await socketPair(kind)), stack.use(await socketPair(kind))];
  const pair = stack.use(await SessionPair.connect(options));
  const done: Spliced['done'] = {};
  const recorder = open(pair.server.session);
  await until('the stream arrives', () => pair.client.streams.length === 1);
  const targetStream = pair.client.streams[0]!;
  const targetEnd = new Splice(targetSockets.near, targetStream, { done: (error) => { done.target = { error }; } });
  targetStream.accept(targetEnd);
  targetEnd.start();
  await until('the stream is opened', () => recorder.stream.isOpened);
  const clientEnd = new Splice(clientSockets.near, recorder.stream, { failure: 'CANCELLED', ...options.splice, done: (error) => { done.client = { error }; } });
  handOver(recorder, clientEnd);
  clientEnd.start(options.head);
  return { pair, client: new App(clientSockets.far), target: new App(targetSockets.far), clientNear: clientSockets.near, targetNear: targetSockets.near, clientStream: recorder.stream, targetStream, done };
}

/** From here on another handler is told. */
export function handOver(recorder: Recorder, to: StreamHandler): void {
  for (const method of ['data', 'end', 'writable', 'closed'] as const) recorder[method] = to[method].bind(to) as never;
}
