import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { profileToxics } from './profile.ts';
import { ToxiproxyApiError, ToxiproxyServer } from './toxiproxy.ts';

async function serving(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<{ url: string; [Symbol.asyncDispose](): Promise<void> }> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('an answer that never comes is bounded, and the call is named', async () => {
  await using mute = await serving(() => {});
  await assert.rejects(new ToxiproxyServer(mute.url, { timeoutMs: 50 }).setEnabled('apiserver', false),
    { code: 'TOXIPROXY', message: 'Toxiproxy: GET /proxies/apiserver: no answer in 0.05 s' });
});

test('a refusal carries the server\'s words', async () => {
  await using server = await serving((_, response) => { response.writeHead(409).end('{"error":"proxy already exists","status":409}'); });
  await assert.rejects(new ToxiproxyServer(server.url).isEnabled('apiserver'), (error: unknown) =>
    error instanceof ToxiproxyApiError && error.status === 409 && error.message === 'Toxiproxy: GET /proxies/apiserver: 409 proxy already exists');
});

test('nobody there', async () => {
  const gone = await serving(() => {});
  await gone[Symbol.asyncDispose]();
  await assert.rejects(new ToxiproxyServer(gone.url).version(), { message: 'Toxiproxy: GET /version: unreachable' });
});

test('an abort is passed on as it is', async () => {
  await using mute = await serving(() => {});
  const controller = new AbortController();
  const call = new ToxiproxyServer(mute.url, { signal: controller.signal }).version();
  controller.abort(new Error('enough'));
  await assert.rejects(call, { message: 'enough' });
});

test('a proxy that is not there is made; one that is as wanted is left alone; a missing toxic is removed already', async () => {
  const calls: string[] = [];
  const proxies = new Map<string, { enabled: boolean }>();
  await using server = await serving((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    const name = request.url?.split('/')[2];
    if (request.method === 'POST') proxies.set('apiserver', { enabled: true });
    const proxy = proxies.get(name ?? 'apiserver');
    if (proxy === undefined || request.url?.includes('/toxics/')) response.writeHead(404).end('{"error":"not found","status":404}');
    else response.end(JSON.stringify({ name: 'apiserver', listen: '0.0.0.0:6443', upstream: '10.0.0.1:6443', ...proxy }));
  });
  const toxiproxy = new ToxiproxyServer(server.url);
  assert.equal(await toxiproxy.hasProxy('apiserver'), false);
  await toxiproxy.ensureProxy({ name: 'apiserver', listen: '0.0.0.0:6443', upstream: '10.0.0.1:6443' });
  await toxiproxy.setEnabled('apiserver', true);
  await toxiproxy.removeToxic('apiserver', 'latency-upstream');
  assert.deepEqual(calls, ['GET /proxies/apiserver', 'GET /proxies/apiserver', 'POST /proxies', 'GET /proxies/apiserver', 'GET /proxies/apiserver', 'GET /proxies/apiserver/toxics/latency-upstream']);
});

test('a link\'s profile: latency one way per direction, bandwidth in KB/s', () => {
  assert.deepEqual(profileToxics({ latencyMs: 0, jitterMs: 0 }), []);
  assert.deepEqual(profileToxics({ latencyMs: 20, jitterMs: 5, bandwidthKbps: 20_000 }), [
    { name: 'latency-upstream', type: 'latency', stream: 'upstream', attributes: { latency: 20, jitter: 5 } },
    { name: 'bandwidth-upstream', type: 'bandwidth', stream: 'upstream', attributes: { rate: 2500 } },
    { name: 'latency-downstream', type: 'latency', stream: 'downstream', attributes: { latency: 20, jitter: 5 } },
    { name: 'bandwidth-downstream', type: 'bandwidth', stream: 'downstream', attributes: { rate: 2500 } },
  ]);
});
