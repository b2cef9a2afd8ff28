import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { Docker } from '../harness/docker/docker.ts';
import { createFault, faultFromRecord, type FaultContext } from './fault.ts';
import type { FaultKind } from './fault-kinds.ts';
import type { ChosenParameters } from './fault-parameters.ts';

const cluster = {
  name: 'dev',
  nodes: [
    { name: 'control', tier: 'cloud', role: 'control-plane', address: '10.0.0.1' },
    { name: 'edge', tier: 'edge', role: 'worker', site: 'east', address: '10.0.0.3' }, { name: 'peer', tier: 'edge', role: 'worker', site: 'east', address: '10.0.0.4' },
  ],
  wans: [{ site: 'east', container: 'dev-wan-east', address: '10.0.0.9' }],
};

/** The toxics of each service, by name: those of the site's own profile are there from the start. */
type Toxics = Readonly<Record<string, Map<string, object>>>;

/** A Toxiproxy, and nodes that say of each script what `says` gives: curl's line, for exchanges on stderr. */
async function link(says: (node: string, script: string) => string, { running = true } = {}) {
  const own = (): Map<string, object> => new Map([['latency-upstream', { name: 'latency-upstream', type: 'latency', stream: 'upstream' }]]);
  const toxics: Toxics = { apiserver: own(), tunnel: own() };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => { body += chunk.toString(); });
    request.on('end', () => {
      const [, , service = '', part, name = ''] = request.url!.split('/');
      const its = toxics[service]!;
      const answer = (found: unknown): void => void (found === undefined ? response.writeHead(404).end('{"error":"toxic not found","status":404}') : response.end(JSON.stringify(found)));
      if (part === undefined) return answer({ name: service, listen: '0.0.0.0:1', upstream: '10.0.0.1:1', enabled: true });
      if (request.method === 'POST') {
        const toxic = JSON.parse(body) as { name: string };
        its.set(name || toxic.name, { ...its.get(name), ...toxic });
        return answer(toxic);
      }
      if (request.method === 'DELETE') return its.delete(name), void response.writeHead(204).end();
      return answer(name === '' ? [...its.values()] : its.get(name));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const docker = {
    run: async () => ({ code: 0, stdout: `127.0.0.1:${(server.address() as AddressInfo).port}\n`, stderr: '' }),
    inspect: async () => ({ State: { Running: running } }),
    exec: async (node: string, argv: string[]) => {
      const script = argv.join(' ');
      return argv[0] === 'curl' ? { code: 0, stdout: says(node, script), stderr: '' } : { code: 0, stdout: '', stderr: `${says(node, script)}\n` };
    },
  };
  return {
    ctx: { cluster, docker: docker as unknown as Docker, signal: AbortSignal.timeout(5000) } as unknown as FaultContext,
    names: (service: string) => [...toxics[service]!.keys()],
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Seconds, as curl says them: of three handshakes with the API server and three with the tunnel. */
const handshakes = (...seconds: readonly number[]): string => seconds.map((one, index) => `${index} 0.001000 ${one === 0 ? 0 : one + 0.001}\n`).join('');
const isUpload = (script: string): boolean => script.includes('SelfSubjectReview');

test('a toxic is put on every service beside those of the site, twice is once, and is taken away from its record alone', async () => {
  await using wan = await link(() => handshakes(0.5, 0.6, 0.7, 0.5, 0.5, 0.5));
  for (let time = 0; time < 2; time += 1) await createFault('wan-latency', 'site east').inject(wan.ctx);
  const names = ['latency-upstream', 'fault-latency-upstream', 'fault-latency-downstream'];
  assert.deepEqual([wan.names('apiserver'), wan.names('tunnel')], [names, names]);
  for (let time = 0; time < 2; time += 1) await faultFromRecord({ id: '1', kind: 'wan-latency', target: 'site east', startedAt: '' }).heal(wan.ctx);
  assert.deepEqual([wan.names('apiserver'), wan.names('tunnel')], [['latency-upstream'], ['latency-upstream']]);
  await using stopped = await link(() => '', { running: false });
  await createFault('wan-cut', 'site east').heal({ ...stopped.ctx, docker: { ...stopped.ctx.docker, run: async () => assert.fail('a WAN that is off is not asked') } as unknown as Docker });
});

test('what is not at every service is not seen, whatever a node says', async () => {
  await using wan = await link(() => handshakes(0.5, 0.5, 0.5, 0.5, 0.5, 0.5));
  await assert.rejects(createFault('wan-latency', 'site east').verify(wan.ctx), { code: 'FAULT_NOT_SEEN', message: /has no fault-latency-upstream, fault-latency-downstream as asked for apiserver/ });
});

async function seen(kind: FaultKind, says: (node: string, script: string) => string, parameters?: ChosenParameters): Promise<string> {
  await using wan = await link(says);
  const fault = createFault(kind, 'site east', parameters);
  await fault.inject(wan.ctx);
  return await fault.verify(wan.ctx);
}

test('latency: every handshake of every node takes a round trip more, with the tunnel too where somebody answers there', async () => {
  assert.equal(await seen('wan-latency', () => handshakes(0.401, 0.6, 0.72, 0, 0, 0)), 'edge: TLS handshakes took 401, 600, 720 ms with the apiserver, none with the tunnel; peer: TLS handshakes took 401, 600, 720 ms with the apiserver, none with the tunnel');
  assert.match(await seen('wan-latency', () => handshakes(0.5, 0.5, 0.5, 0.41, 0.42, 0.43)), /, 410, 420, 430 ms with the tunnel;/);
  const fast = (node: string): string => handshakes(0.5, node === 'peer' ? 0.03 : 0.5, 0.5, 0.5, 0.5, 0.5);
  await assert.rejects(seen('wan-latency', fast), { code: 'FAULT_NOT_SEEN', message: /400 ms more, yet: a TLS handshake of peer at port 6443 took 30 ms/ });
  await assert.rejects(seen('wan-latency', () => handshakes(0.5, 0.5, 0.5, 0.5, 0.02, 0.5)), { code: 'FAULT_NOT_SEEN', message: /at port 30132 took 20 ms/ });
  await assert.rejects(seen('wan-latency', () => handshakes(0, 0, 0, 0, 0, 0)), { code: 'FAULT_NOT_SEEN', message: /edge, peer made no TLS handshake/ });
});

test('thin: what is fetched and what is posted takes its time', async () => {
  const thin = (up: string, down: string) => (_: string, script: string): string => (isUpload(script) ? up : down);
  const [posted, fetched] = ['0 201 0.100 3.100 3.100 500', '23 200 0.100 0.200 3.200 192512'];
  assert.match(await seen('wan-thin', thin(posted, fetched)), /^edge: fetching 192512 bytes took 3000 ms \(64 KB\/s\), posting 192000 bytes took 3000 ms \(64 KB\/s\); peer: /);
  await assert.rejects(seen('wan-thin', thin(posted, '23 200 0.100 0.200 0.260 192512')), { code: 'FAULT_NOT_SEEN', message: /fetching 192512 bytes took 60 ms, and at 64 KB\/s it takes 2008 ms/ });
  await assert.rejects(seen('wan-thin', thin('0 201 0.100 0.900 0.900 500', fetched)), { code: 'FAULT_NOT_SEEN', message: /posting 192000 bytes took 800 ms/ });
  await assert.rejects(seen('wan-thin', thin(posted, '28 200 0.100 18.00 20.00 3000')), { code: 'FAULT_NOT_SEEN', message: /3000 bytes, HTTP 200, curl 28: too little to tell/ });
  await assert.rejects(seen('wan-thin', thin('28 000 0.100 0.000 20.00 0', fetched)), { code: 'FAULT_NOT_SEEN', message: /too little to tell/ });
});

test('slow close: the end comes so much later than the request, and it is not the answer that is late', async () => {
  assert.match(await seen('wan-slow-close', () => '0 400 0.050 0.080 5.065 48'), /^edge heard the API server close 5015 ms after its request, 4985 ms after its answer; peer /);
  await assert.rejects(seen('wan-slow-close', () => '0 400 0.050 0.080 0.090 48'), { code: 'FAULT_NOT_SEEN', message: /close 40 ms after its request and 10 ms after its answer, and it takes 5000 ms/ });
  await assert.rejects(seen('wan-slow-close', () => '0 400 0.050 5.080 5.090 48'), { code: 'FAULT_NOT_SEEN', message: /5040 ms after its request and 10 ms after its answer/ });
  await assert.rejects(seen('wan-slow-close', () => '52 000 0.050 0.000 5.090 0'), { code: 'FAULT_NOT_SEEN', message: /no answer/ });
  await assert.rejects(seen('wan-slow-close', () => ''), { code: 'FAULT_NOT_SEEN' });
});

test('cut: an answer ends in its middle, near the limit, and so does what is posted', async () => {
  const cut = (down: string, up = '56 000 0.05 0.00 0.30 0') => seen('wan-cut', (_, script) => (isUpload(script) ? up : down));
  assert.match(await cut('18 200 0.05 0.06 0.20 91234'), /^edge: the connection ended after 91234 bytes of a large answer \(curl 18\), and while it posted 200000 bytes \(curl 56\); peer: /);
  for (const whole of ['23 200 0.05 0.06 0.20 200704', '0 200 0.05 0.06 0.20 91234', '28 200 0.05 0.06 20.0 91234', '18 200 0.05 0.06 0.20 20000']) {
    await assert.rejects(cut(whole), { code: 'FAULT_NOT_SEEN', message: /bytes of a large answer/ }, whole);
  }
  for (const whole of ['0 201 0.05 0.09 0.30 500', '28 000 0.05 0.00 20.0 0']) await assert.rejects(cut('18 200 0.05 0.06 0.20 91234', whole), { code: 'FAULT_NOT_SEEN', message: /posted 200000 bytes/ }, whole);
});

test('numbers that were chosen are what is done and what is looked for', async () => {
  const slow = { latencyMs: 150, jitterMs: 50 };
  assert.match(await seen('wan-latency', () => handshakes(0.21, 0.3, 0.25, 0, 0, 0), slow), /^edge: TLS handshakes took 210, 300, 250 ms/);
  await assert.rejects(seen('wan-latency', () => handshakes(0.21, 0.3, 0.19, 0, 0, 0), slow), { code: 'FAULT_NOT_SEEN', message: /200 ms more, yet: a TLS handshake of edge at port 6443 took 190 ms/ });
  const exchanges = (ms: number, bytes: number) => (_: string, script: string): string => (isUpload(script) ? `0 201 0.100 0.000 ${0.1 + ms / 1000} 500` : `23 200 0.100 0.200 ${0.2 + ms / 1000} ${bytes}`);
  // At 16 KB/s: 64 KB may be ahead, and 2 s of it are counted.
  assert.match(await seen('wan-thin', exchanges(2100, 96_100), { kilobytesPerSecond: 16 }), /^edge: fetching 96100 bytes took 2100 ms \(46 KB\/s\), posting 96000 bytes took 2100 ms/);
  await assert.rejects(seen('wan-thin', exchanges(1900, 96_100), { kilobytesPerSecond: 16 }), { code: 'FAULT_NOT_SEEN', message: /at 16 KB\/s it takes 2006 ms at least/ });
  await assert.rejects(seen('wan-thin', exchanges(2100, 70_000), { kilobytesPerSecond: 16 }), { code: 'FAULT_NOT_SEEN', message: /too little to tell/ });
  const closing = (ms: number): string => `0 400 0.050 0.080 ${0.08 + ms / 1000} 48`;
  assert.match(await seen('wan-slow-close', () => closing(1500), { closeMs: 1500 }), /close 1530 ms after its request/);
  await assert.rejects(seen('wan-slow-close', () => closing(1400), { closeMs: 1500 }), { code: 'FAULT_NOT_SEEN' });
  const cut = (bytes: number) => (_: string, script: string): string => (isUpload(script) ? '56 000 0.05 0.00 0.30 0' : `18 200 0.05 0.06 0.20 ${bytes}`);
  assert.match(await seen('wan-cut', cut(55_000), { limitKilobytes: 60 }), /ended after 55000 bytes .* while it posted 120000 bytes/);
  await assert.rejects(seen('wan-cut', cut(61_000), { limitKilobytes: 60 }), { code: 'FAULT_NOT_SEEN' });
});

test('one that is on gets other numbers when it is injected again with them', async () => {
  await using wan = await link(() => handshakes(0.5, 0.5, 0.5, 0.5, 0.5, 0.5));
  await createFault('wan-latency', 'site east', { latencyMs: 150 }).inject(wan.ctx);
  await createFault('wan-latency', 'site east', { latencyMs: 150 }).verify(wan.ctx);
  await assert.rejects(createFault('wan-latency', 'site east').verify(wan.ctx), { code: 'FAULT_NOT_SEEN', message: /as asked for apiserver/ });
  await createFault('wan-latency', 'site east').inject(wan.ctx);
  await createFault('wan-latency', 'site east').verify(wan.ctx);
});
