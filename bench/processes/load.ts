import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createSecureContext, connect as tlsConnect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { serverName, tlsPolicy } from '../../components/tunnel/common/tls.ts';
import type { Condition } from '../result.ts';
import { percentile } from '../statistics.ts';

/** What a bulk job says of itself. */
export interface BulkAnswer {
  readonly megabytesPerSecond: number;
  readonly bytes: number;
  readonly cpuSeconds: number;
}

/** One job for the load process: it is started for each, so that no contender inherits another's heap. */
export interface Job {
  readonly folder: string;
  readonly port: number;
  /** Of the Unix socket: then the port is not used. */
  readonly unixPath?: string;
  /** `HOST:PORT` for a CONNECT; without it the port is the origin's. */
  readonly target?: string;
  readonly work:
    | { readonly kind: 'bulk'; readonly direction: 'down' | 'up'; readonly streams: number; readonly megabytes: number }
    | { readonly kind: 'latency'; readonly count: number; readonly condition: Condition };
}

/** Of the connections that count, how many come before them and do not: until then this process, which is new, is slow itself. */
const warmUpShare = 1 / 3;

const job = JSON.parse(process.argv[2] ?? '{}') as Job;
const secureContext = createSecureContext({ ...tlsPolicy, ca: readFileSync(`${job.folder}/ca.crt`), cert: readFileSync(`${job.folder}/client.crt`), key: readFileSync(`${job.folder}/client.key`) });
// `allowHalfOpen` is an option of every socket; Node's types leave it out here.
const connection = { secureContext, host: '127.0.0.1', port: job.port, servername: serverName, allowHalfOpen: true } as ConnectionOptions;
/** What all contenders are to use. */
const cipher = 'TLS_AES_128_GCM_SHA256';
const block = Buffer.alloc(65_536, 'y');
const blocksPerMegabyte = 1_000_000 / block.length;

/** A connection to the origin, and when it was made: to the door, with a handshake. */
async function open(): Promise<{ socket: Socket; shakenAt: number }> {
  const { target, port, unixPath } = job;
  return await new Promise((resolve, reject) => {
    if (target === undefined) {
      const socket: Socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true }, () => resolve({ socket, shakenAt: performance.now() }));
      socket.once('error', reject);
      return;
    }
    const socket: Socket = unixPath !== undefined ? connect({ path: unixPath, allowHalfOpen: true }, () => connected()) : tlsConnect(connection, () => {
      const { name } = (socket as TLSSocket).getCipher();
      if (name !== cipher) return reject(new Error(`the cipher is ${name}, and ${cipher} for all others`));
      socket.setNoDelay(true);
      connected();
    });
    const connected = (): void => {
      const shakenAt = performance.now();
      socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
      socket.once('data', (answer: Buffer) => {
        if (/^HTTP\/1\.\d 200/.test(answer.toString('latin1'))) resolve({ socket, shakenAt });
        else reject(new Error(answer.toString('latin1').split('\r\n')[0]));
      });
    };
    socket.once('error', reject);
  });
}

async function bulk(direction: 'down' | 'up', streams: number, megabytes: number): Promise<BulkAnswer> {
  const blocks = Math.ceil((megabytes * blocksPerMegabyte) / streams);
  const sockets = await Promise.all(Array.from({ length: streams }, open));
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  await Promise.all(sockets.map(async ({ socket }) => await (direction === 'down' ? download(socket, blocks) : upload(socket, blocks))));
  const seconds = (performance.now() - startedAt) / 1000;
  const bytes = blocks * streams * block.length;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { megabytesPerSecond: bytes / 1e6 / seconds, bytes, cpuSeconds: (user + system) / 1e6 };
}

async function download(socket: Socket, blocks: number): Promise<void> {
  let got = 0;
  const ask = Buffer.alloc(5, 'S');
  ask.writeUInt32BE(blocks, 1);
  socket.on('data', (chunk: Buffer) => { got += chunk.length; });
  const ended = new Promise<void>((resolve, reject) => socket.once('end', resolve).once('error', reject));
  socket.write(ask);
  await ended;
  socket.end();
  if (got !== blocks * block.length) throw new Error(`${got} bytes came of ${blocks * block.length}`);
}

async function upload(socket: Socket, blocks: number): Promise<void> {
  let answer = '';
  socket.on('data', (chunk: Buffer) => { answer += chunk.toString(); });
  const ended = new Promise<void>((resolve, reject) => socket.once('end', resolve).once('error', reject));
  let left = blocks;
  const announcement = Buffer.alloc(5, 'K');
  announcement.writeUInt32BE(blocks, 1);
  socket.write(announcement);
  const send = (): void => {
    while (left > 0) {
      left -= 1;
      if (!socket.write(block)) return void socket.once('drain', send);
    }
  };
  send();
  await ended;
  socket.end();
  if (answer !== 'ok') throw new Error(`the origin said ${JSON.stringify(answer)}`);
}

async function latency(count: number, condition: Condition): Promise<object> {
  const busy: Socket[] = [];
  // One is read as fast as it comes; the other is never read at all.
  for (const reads of ({ idle: [], loaded: [true], stalled: [true, false] } as const)[condition]) {
    const { socket } = await open();
    socket.on('error', () => {});
    socket.write('Z');
    if (reads) socket.on('data', () => {});
    else socket.pause();
    busy.push(socket);
  }
  const whole: number[] = [];
  const tunnel: number[] = [];
  for (let turn = -Math.ceil(count * warmUpShare); turn < count; turn++) {
    const startedAt = performance.now();
    const { socket, shakenAt } = await open();
    let got = 0;
    const answered = new Promise<void>((resolve, reject) => {
      socket.on('data', (chunk: Buffer) => {
        got += chunk.length;
        if (got >= 1024) resolve();
      });
      socket.once('error', reject);
    });
    socket.write(Buffer.alloc(1024, 'E'));
    await answered;
    const now = performance.now();
    socket.on('error', () => {});
    socket.destroy();
    if (turn < 0) continue;
    whole.push(now - startedAt);
    tunnel.push(now - shakenAt);
  }
  for (const socket of busy) socket.destroy();
  return { p50: percentile(whole, 0.5), p99: percentile(whole, 0.99), tunnelP50: percentile(tunnel, 0.5), tunnelP99: percentile(tunnel, 0.99) };
}

const { work } = job;
const result = work.kind === 'bulk' ? await bulk(work.direction, work.streams, work.megabytes) : await latency(work.count, work.condition);
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
