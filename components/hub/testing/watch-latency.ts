// `node components/hub/testing/watch-latency.ts`: how much later a watch's event is here through the hub than straight from the API server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type ClientHttp2Stream } from 'node:http2';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '../../../core/paths.ts';
import { until } from '../../tunnel/testing/until.ts';
import type { Arrived } from './api-server.ts';
import { World } from './world.ts';

const { values } = parseArgs({ options: { events: { type: 'string', default: '2000' }, bytes: { type: 'string', default: '4096' } } });
const [events, bytes] = [Number(values.events), Number(values.bytes)];

await using world = await World.create();
const { pki } = world;
const port = 20_000 + Math.floor(Math.random() * 10_000);
const child = spawn(process.execPath, [
  join(repositoryRoot, 'components/hub/main.ts'), `--server=127.0.0.1:${world.api.port}`, '--node-name=edge-1', `--ca=${pki.path('ca.crt')}`, `--node-certificate=${pki.path('node.pem')}`,
  `--listen=127.0.0.1:${port}`, '--health=127.0.0.1:0', `--cert=${pki.path('serving.crt')}`, `--key=${pki.path('serving.key')}`,
], { stdio: ['ignore', 'ignore', 'inherit'] });
world.stack.defer(() => void child.kill());
await until('the hub is connected', () => world.api.probes === 1, 15_000);
const open = new Map<string, Arrived['stream']>();
world.api.answer = ({ stream, path }) => {
  stream.respond({ ':status': 200 });
  open.set(path, stream);
};
const watch = async (to: number, path: string): Promise<ClientHttp2Stream> => {
  const session = connect(`https://127.0.0.1:${to}`, { ca: world.pki.clusterCa.certPem, cert: world.nodePem, key: world.nodePem });
  world.stack.defer(() => void session.destroy());
  const stream = session.request({ ':path': path }, { endStream: true });
  await once(stream, 'response');
  return stream;
};
const ways = { direct: await watch(world.api.port, '/direct?watch=true'), hub: await watch(port, '/hub?watch=true') };
const took: Record<keyof typeof ways, number[]> = { direct: [], hub: [] };
const event = Buffer.alloc(bytes, 'x');

async function one(way: keyof typeof ways): Promise<number> {
  let left = bytes;
  const { promise, resolve } = Promise.withResolvers<void>();
  const take = (chunk: Buffer): void => {
    left -= chunk.length;
    if (left === 0) resolve();
  };
  ways[way].on('data', take);
  const startedAt = performance.now();
  open.get(`/${way}?watch=true`)!.write(event);
  await promise;
  const ms = performance.now() - startedAt;
  ways[way].off('data', take);
  // As events come: not one behind the other.
  await new Promise((done) => setTimeout(done, 2));
  return ms;
}

// In turns, so that the machine's other load falls on both.
for (let count = 0; count < events + 200; count += 1) for (const way of ['direct', 'hub'] as const) {
  const ms = await one(way);
  if (count >= 200) took[way].push(ms);
}
const quantile = (list: number[], q: number): string => list.toSorted((a, b) => a - b)[Math.floor(list.length * q)]!.toFixed(3);
for (const way of ['direct', 'hub'] as const) process.stdout.write(`${way}: p50 ${quantile(took[way], 0.5)} ms, p99 ${quantile(took[way], 0.99)} ms\n`);
process.stdout.write(`the hub: ${/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]} KB resident\n`);
