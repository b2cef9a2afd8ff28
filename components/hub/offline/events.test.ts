import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../tunnel/testing/until.ts';
import { protobufCodec } from '../wire/index.ts';
import { bytesField, textField } from '../wire/protobuf/fields.ts';
import { first } from '../common/headers.ts';
import { json, type Arrived } from '../testing/api-server.ts';
import { bearer, jwt, respond, stage } from '../testing/stage.ts';

const events = '/api/v1/namespaces/default/events';
const event = (name: string, count = 1): Buffer => json({ kind: 'Event', apiVersion: 'v1', metadata: { name, namespace: 'default' }, count });
const asJson = { 'content-type': 'application/json' };
const strategic = { ':method': 'PATCH', 'content-type': 'application/strategic-merge-patch+json' };

interface Came {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
  readonly certificate: string;
}

/** An API server that answers writes, once their bodies are there, with what a test says. */
function answering(came: Came[], statusOf: (body: string) => number): (request: Arrived) => void {
  return (request) => {
    if (request.method === 'GET') return respond(request, 200, { kind: 'NodeList', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: [] });
    request.stream.on('end', () => {
      const { method, path, certificate } = request;
      came.push({ method, path, certificate, body: request.body() });
      respond(request, statusOf(String(request.body())), {});
    });
  };
}

test('what a node reports while it is cut off is heard when it is back: in order, as the node, once', async () => {
  await using stack = new AsyncDisposableStack();
  const came: Came[] = [];
  const { kubelet, store, cut, heal } = await stage(stack, answering(came, () => 201));
  await cut();
  const protobuf = protobufCodec.writeObject({ apiVersion: 'v1', kind: 'Event' }, bytesField(1, Buffer.concat([textField(1, 'b'), textField(3, 'default')])));
  const told = await kubelet.get(events, asJson, event('a'));
  assert.deepEqual([told.status, told.body], [201, event('a')]);
  const other = await kubelet.get(events, { 'content-type': protobufCodec.contentType }, protobuf);
  assert.deepEqual([other.status, other.headers['content-type'], other.body], [201, protobufCodec.contentType, protobuf]);
  // It happened again: the one that is in the cloud, and then one of ours.
  assert.equal((await kubelet.get(`${events}/old`, strategic, json({ count: 7 }))).status, 404);
  assert.equal((await kubelet.get(events, asJson, event('old', 7))).status, 201);
  assert.equal((await kubelet.get(`${events}/a`, strategic, json({ count: 2 }))).status, 404);
  assert.equal((await kubelet.get(events, asJson, event('a', 2))).status, 201);
  assert.equal(store.events.size, 3);
  await heal();
  await until('all was heard', () => store.events.size === 0);
  assert.deepEqual(came.map(({ method, path, body }) => [method, path, body]), [
    ['POST', events, protobuf],
    ['PUT', `${events}/old`, event('old', 7)],
    ['PUT', `${events}/a`, event('a', 2)],
  ]);
  assert.deepEqual(new Set(came.map(({ certificate }) => certificate)), new Set(['system:node:edge-1']));
});

test('what is not let in while a certificate is made new, or comes too slowly, waits: it is not refused for what it says', async () => {
  await using stack = new AsyncDisposableStack();
  const came: Came[] = [];
  const answers = [401, 408, 201];
  const { kubelet, store, cut, heal } = await stage(stack, answering(came, () => answers.shift() ?? 500));
  await cut();
  await kubelet.get(events, asJson, event('a'));
  await heal();
  await until('it was heard', () => store.events.size === 0);
  assert.deepEqual(came.map(({ method, body }) => [method, body]), Array.from({ length: 3 }, () => ['POST', event('a')]));
});

test('what the API server refuses is dropped, what it has no time for is sent again before what follows', async () => {
  await using stack = new AsyncDisposableStack();
  const came: Came[] = [];
  let busy = true;
  const { kubelet, store, cut, heal } = await stage(stack, answering(came, (body) => {
    if (body.includes('"refused"')) return 403;
    if (body.includes('"known"')) return 409;
    return busy ? 429 : 201;
  }));
  await cut();
  for (const name of ['refused', 'known', 'a', 'b']) await kubelet.get(events, asJson, event(name));
  await heal();
  await until('one is tried', () => came.length >= 3);
  assert.equal(store.events.size, 2);
  busy = false;
  await until('all was heard', () => store.events.size === 0);
  const names = came.map(({ body }) => (JSON.parse(String(body)) as { metadata: { name: string } }).metadata.name);
  assert.deepEqual([names.slice(0, 2), new Set(names.slice(2, -1)), names.at(-1)], [['refused', 'known'], new Set(['a']), 'b']);
});

test('what is no Event, and what others report, is refused: nothing is done', async () => {
  await using stack = new AsyncDisposableStack();
  const { kubelet, pods, store, cut } = await stage(stack, answering([], () => 201));
  const token = jwt('system:serviceaccount:default:app');
  await pods.get('/api/v1/nodes', bearer(token));
  await cut();
  for (const [body, headers] of [[json({ kind: 'Event' }), asJson], [json({ kind: 'Pod', metadata: { name: 'a' } }), asJson], [event('a'), { 'content-type': 'text/plain' }]] as const) assert.equal((await kubelet.get(events, headers, body)).status, 503);
  const other = await pods.get(events, { ...asJson, ...bearer(token) }, event('a'));
  assert.deepEqual([other.status, store.events.size], [503, 0]);
  assert.match(other.body.toString(), /nothing was done/);
  assert.equal(first(other.headers as Record<string, string>, 'content-type'), 'application/json');
});

test('what the kubelet says of an Event when the link is back is not written over by older words', async () => {
  await using stack = new AsyncDisposableStack();
  const came: Came[] = [];
  const { kubelet, store, cut, heal } = await stage(stack, answering(came, (body) => (body.includes('"first"') && came.every(({ method }) => method !== 'PATCH') ? 429 : 200)));
  await cut();
  await kubelet.get(events, asJson, event('first'));
  await kubelet.get(`${events}/old`, strategic, json({ count: 7 }));
  await kubelet.get(events, asJson, event('old', 7));
  await heal();
  // The first one is waited for, and meanwhile it happens again.
  await until('one is tried', () => came.length > 0);
  assert.equal((await kubelet.get(`${events}/old`, strategic, json({ count: 8 }))).status, 200);
  await until('all was heard', () => store.events.size === 0);
  assert.deepEqual([...new Set(came.map(({ method, path }) => `${method} ${path}`))], [`POST ${events}`, `PATCH ${events}/old`]);
});

test('nor is an Event that the kubelet has made anew, as the cloud did not know it', async () => {
  await using stack = new AsyncDisposableStack();
  const came: Came[] = [];
  let released = false;
  const { kubelet, store, cut, heal } = await stage(stack, answering(came, (body) => {
    if (body.includes('"first"')) return released ? 201 : 429;
    return body === '{"count":3}' ? 404 : 201;
  }));
  await cut();
  for (const [name, count] of [['first', 1], ['a', 1]] as const) await kubelet.get(events, asJson, event(name, count));
  assert.equal((await kubelet.get(`${events}/a`, strategic, json({ count: 2 }))).status, 404);
  await kubelet.get(events, asJson, event('a', 2));
  await heal();
  await until('one is tried', () => came.length > 0);
  // It happens again before its turn has come.
  assert.equal((await kubelet.get(`${events}/a`, strategic, json({ count: 3 }))).status, 404);
  assert.equal((await kubelet.get(events, asJson, event('a', 3))).status, 201);
  released = true;
  await until('all was heard', () => store.events.size === 0);
  assert.deepEqual(came.filter(({ body }) => body.includes('"a"')).map(({ method, body }) => [method, body]), [['POST', event('a', 3)]]);
});
