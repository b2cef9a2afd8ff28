import { once } from 'node:events';
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../statistics.ts';

/** Where a client of the API dials, whom it trusts there (PEM) and what it shows. */
export interface Door {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  readonly token: string;
}

export type Job =
  /** Reads an object, one request after the other. */
  | { readonly kind: 'read'; readonly door: Door; readonly path: string; readonly count: number }
  /** Changes an object, straight, and watches it by both ways. */
  | { readonly kind: 'watch'; readonly hub: Door; readonly straight: Door; readonly path: string; readonly count: number };

/** Milliseconds. */
export interface ReadAnswer {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

/** Milliseconds: from a change's request to its event, and how much later than straight it came through the hub. */
export interface WatchAnswer {
  readonly count: number;
  readonly straightP50: number;
  readonly hubP50: number;
  readonly addedP50: number;
  readonly addedP99: number;
}

export type Answer = ReadAnswer | WatchAnswer;

/** Requests that do not count: until then this process, which is new, is slow itself. */
const warmUp = 300;
/** Changes come one by one, as a cluster's do. */
const pauseMs = 15;

function open({ host, port, ca }: Door): ClientHttp2Session {
  const session = connect(`https://${host}:${port}`, { ca, ALPNProtocols: ['h2'] });
  // One that is lost is told by its requests.
  session.on('error', () => {});
  return session;
}

const ask = (session: ClientHttp2Session, { token }: Door, headers: Record<string, string>): ClientHttp2Stream =>
  session.request({ authorization: `Bearer ${token}`, accept: 'application/json', ...headers }, { endStream: headers[':method'] === undefined });

async function whole(stream: ClientHttp2Stream): Promise<{ status: number; text: string }> {
  const answer = once(stream, 'response') as Promise<[{ ':status'?: number }]>;
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
  const [[{ ':status': status = 0 }]] = await Promise.all([answer, once(stream, 'end')]);
  return { status, text: Buffer.concat(chunks).toString() };
}

async function read({ door, path, count }: Job & { kind: 'read' }): Promise<ReadAnswer> {
  const session = open(door);
  const took: number[] = [];
  for (let number = -warmUp; number < count; number++) {
    const startedAt = performance.now();
    const { status, text } = await whole(ask(session, door, { ':path': path }));
    const ms = performance.now() - startedAt;
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${text.slice(0, 300)}`);
    if (number >= 0) took.push(ms);
  }
  session.close();
  return { count, p50: percentile(took, 0.5), p99: percentile(took, 0.99), most: Math.max(...took) };
}

/** Tells of each event of a watch the number of the change that it is of. */
async function watch(door: Door, path: string, event: (number: number) => void): Promise<ClientHttp2Session> {
  const [, folder = '', name = ''] = /^(.*)\/([^/]+)$/.exec(path) ?? [];
  const session = open(door);
  // As client-go does it: the list comes with the watch.
  const query = new URLSearchParams({ watch: 'true', fieldSelector: `metadata.name=${name}`, sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: 'true' });
  const stream = ask(session, door, { ':path': `${folder}?${query.toString()}` });
  const [{ ':status': status = 0 }] = (await once(stream, 'response')) as [{ ':status'?: number }];
  if (status !== 200) throw new Error(`watch of ${path}: ${status}`);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const { type, object } = JSON.parse(line) as { type: string; object: { metadata: { annotations?: Record<string, string> } } };
      if (type === 'BOOKMARK') resolve();
      else event(Number(object.metadata.annotations?.['bench'] ?? -1));
    }
  });
  stream.once('close', () => reject(new Error(`the watch of ${path} at ${door.host} ended`)));
  await promise;
  return session;
}

async function watchBoth({ hub, straight, path, count }: Job & { kind: 'watch' }): Promise<WatchAnswer> {
  const run = String(process.pid);
  const ways = { hub, straight };
  const at: Record<keyof typeof ways, Map<number, number>> = { hub: new Map(), straight: new Map() };
  let heard = Promise.withResolvers<void>();
  const sessions: ClientHttp2Session[] = [];
  for (const way of ['hub', 'straight'] as const) sessions.push(await watch(ways[way], path, (number) => {
    if (!at[way].has(number)) at[way].set(number, performance.now());
    heard.resolve();
  }));
  const session = open(straight);
  const took: Record<'hub' | 'straight' | 'added', number[]> = { hub: [], straight: [], added: [] };
  const first = Number(run) * 1e6;
  for (let number = first; number < first + count + warmUp / 10; number++) {
    const startedAt = performance.now();
    const patch = ask(session, straight, { ':path': path, ':method': 'PATCH', 'content-type': 'application/merge-patch+json' });
    patch.end(JSON.stringify({ metadata: { annotations: { bench: String(number) } } }));
    const { status, text } = await whole(patch);
    if (status !== 200) throw new Error(`PATCH ${path}: ${status} ${text.slice(0, 300)}`);
    const deadline = sleep(10_000, 'late', { ref: false });
    while (!at.hub.has(number) || !at.straight.has(number)) {
      heard = Promise.withResolvers<void>();
      if ((await Promise.race([heard.promise, deadline])) === 'late') throw new Error(`no event of a change within 10 s: through the hub ${at.hub.has(number)}, straight ${at.straight.has(number)}`);
    }
    if (number >= first + warmUp / 10) {
      const [byHub, byStraight] = [at.hub.get(number)!, at.straight.get(number)!];
      took.hub.push(byHub - startedAt);
      took.straight.push(byStraight - startedAt);
      took.added.push(byHub - byStraight);
    }
    await sleep(pauseMs);
  }
  for (const one of [...sessions, session]) one.destroy();
  return { count, straightP50: percentile(took.straight, 0.5), hubP50: percentile(took.hub, 0.5), addedP50: percentile(took.added, 0.5), addedP99: percentile(took.added, 0.99) };
}

const { benchJob: job } = globalThis as unknown as { benchJob: Job };
const answer: Answer = job.kind === 'read' ? await read(job) : await watchBoth(job);
process.stdout.write(JSON.stringify(answer));
process.exit(0);
