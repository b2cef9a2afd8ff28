import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { until } from '../../tunnel/testing/until.ts';
import { json, type Arrived } from '../testing/api-server.ts';
import { nodeName } from '../testing/pki.ts';
import { bearer, bookmark, event, framesOf, initial, jwt, own, pod, respond, stage, watching } from '../testing/stage.ts';
import { protobufCodec } from '../wire/index.ts';

const pods = `/api/v1/pods?${own}`;
const listOf = (resourceVersion: string, names: readonly string[], next = ''): object => ({ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion, ...(next !== '' && { continue: next }) }, items: names.map((name) => pod(name, '3')) });
const namesOf = (body: Buffer): string[] => (JSON.parse(body.toString()) as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name);
const refusal = (code: number): object => ({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code });

test('what the API server refuses now is not given from before, but under its other selectors', async () => {
  await using stack = new AsyncDisposableStack();
  let refuses: number | undefined;
  const { kubelet, cut } = await stage(stack, (request) => {
    if (refuses !== undefined) return respond(request, refuses, refusal(refuses));
    respond(request, 200, request.path.includes('/secrets/') ? { kind: 'Secret', apiVersion: 'v1', metadata: { name: 's', namespace: 'default', resourceVersion: '3' } } : listOf('5', ['a']));
  });
  const [watched, gone, secret] = ['/api/v1/namespaces/x/pods', '/api/v1/namespaces/y/pods', '/api/v1/namespaces/default/secrets/s'];
  for (const path of [pods, '/api/v1/pods', watched, gone, secret]) await kubelet.get(path);
  refuses = 403;
  await kubelet.get('/api/v1/pods');
  await kubelet.get(`${watched}?watch=true&resourceVersion=5`);
  await kubelet.get(secret);
  refuses = 404;
  await kubelet.get(gone);
  await cut();
  assert.equal((await kubelet.get(pods)).status, 200);
  for (const path of ['/api/v1/pods', watched, gone, secret]) assert.equal((await kubelet.get(path)).status, 503, path);
});

test('a watch of all objects of a resource is asked for without bookmarks, and any other as its client asks', async () => {
  await using stack = new AsyncDisposableStack();
  const { world, kubelet } = await stage(stack, (request) => {
    if (!request.path.includes('watch=true')) return respond(request, 200, listOf('5', ['a']));
    watching(request, bookmark('5', 'Pod'));
  });
  const upstream = async (path: string): Promise<string> => {
    const { length } = world.api.arrived;
    kubelet.ask(path);
    await until(`${path} is asked for`, () => world.api.arrived.length > length);
    return world.api.arrived.at(-1)!.path;
  };
  await kubelet.get('/api/v1/pods');
  assert.equal(await upstream('/api/v1/pods?allowWatchBookmarks=true&watch=true&resourceVersion=5'), '/api/v1/pods?watch=true&resourceVersion=5');
  for (const path of [
    `/api/v1/pods?${own}&allowWatchBookmarks=true&watch=true&resourceVersion=5`,
    '/api/v1/pods?labelSelector=a%3Db&allowWatchBookmarks=true&watch=true&resourceVersion=5',
    '/api/v1/namespaces/x/pods?allowWatchBookmarks=true&watch=true&resourceVersion=5',
    '/api/v1/pods?allowWatchBookmarks=true&watch=true&resourceVersion=0',
    `/api/v1/pods?allowWatchBookmarks=true&${initial}`,
  ]) assert.equal(await upstream(path), path);
});

test('a watch of Nodes comes packed, and is read, kept and passed on unpacked, event by event', async () => {
  await using stack = new AsyncDisposableStack();
  const node = (resourceVersion: string): object => ({ kind: 'Node', apiVersion: 'v1', metadata: { name: nodeName, resourceVersion } });
  const asked: Record<string, unknown> = {};
  const { world, kubelet, cut } = await stage(stack, ({ stream, path, headers }) => {
    asked[path] = headers['accept-encoding'];
    stream.respond({ ':status': 200, 'content-type': 'application/json', ...(headers['accept-encoding'] === 'gzip' && { 'content-encoding': 'gzip' }) });
    if (headers['accept-encoding'] === 'gzip') for (const flush of [event('ADDED', node('5')), bookmark('5', 'Node')]) stream.write(gzipSync(flush));
  });
  const path = `/api/v1/nodes?fieldSelector=metadata.name%3D${nodeName}`;
  const gzip = { 'accept-encoding': 'gzip' };
  const watch = kubelet.ask(`${path}&${initial}`, gzip);
  await until('all of it is there', () => framesOf(watch.body).length === 2);
  assert.equal(watch.headers['content-encoding'], undefined);
  const { stream } = world.api.arrived.at(-1)!;
  // A flush of its own, in two pieces.
  const flush = gzipSync(event('MODIFIED', node('6')));
  stream.write(flush.subarray(0, 20));
  stream.write(flush.subarray(20));
  await until('the change is there', () => framesOf(watch.body).length === 3);
  const others = [`${path}&watch=true&resourceVersion=6`, `/api/v1/pods?${initial}`, path];
  for (const other of others) kubelet.ask(other, gzip);
  await until('they are asked for', () => world.api.arrived.length === 4);
  assert.deepEqual(asked, { [`${path}&${initial}`]: 'gzip', ...Object.fromEntries(others.map((other) => [other, undefined])) });
  await cut();
  assert.deepEqual((JSON.parse((await kubelet.get(path)).body.toString()) as { items: object[] }).items.map((item) => ({ kind: 'Node', apiVersion: 'v1', ...item })), [node('6')]);
  assert.equal(watch.end, undefined);
});

test('a packed watch whose session is lost in the middle of a flush stays open, and half of what was coming is not kept', async () => {
  await using stack = new AsyncDisposableStack();
  const node = (resourceVersion: string): object => ({ kind: 'Node', apiVersion: 'v1', metadata: { name: nodeName, resourceVersion } });
  const { world, kubelet, cut, heal } = await stage(stack, ({ stream }) => {
    stream.respond({ ':status': 200, 'content-type': 'application/json', 'content-encoding': 'gzip' });
    stream.write(gzipSync(Buffer.concat([event('ADDED', node('5')), bookmark('5', 'Node')])));
  });
  const path = `/api/v1/nodes?fieldSelector=metadata.name%3D${nodeName}`;
  const watch = kubelet.ask(`${path}&${initial}`);
  await until('all of it is there', () => framesOf(watch.body).length === 2);
  world.api.arrived.at(-1)!.stream.write(gzipSync(event('MODIFIED', node('6'))).subarray(0, 30));
  await cut();
  const { items } = JSON.parse((await kubelet.get(path)).body.toString()) as { items: { metadata: { resourceVersion: string } }[] };
  assert.deepEqual([items.map(({ metadata }) => metadata.resourceVersion), framesOf(watch.body).length, watch.end], [['5'], 2, undefined]);
  await heal();
  await until('it is ended', () => watch.end === 'whole');
});

test('what was deleted is not given, in whatever form it was kept', async () => {
  await using stack = new AsyncDisposableStack();
  const path = '/api/v1/namespaces/default/secrets/s';
  const { kubelet, cut } = await stage(stack, (request) => {
    if (request.method === 'DELETE') return respond(request, 200, protobufCodec.writeObject({ apiVersion: 'v1', kind: 'Status' }, Buffer.alloc(0)), protobufCodec.contentType);
    respond(request, 200, { kind: 'Secret', apiVersion: 'v1', metadata: { name: 's', namespace: 'default', resourceVersion: '3' } });
  });
  await kubelet.get(path);
  assert.equal((await kubelet.get(path, { ':method': 'DELETE', accept: protobufCodec.contentType })).status, 200);
  await cut();
  assert.equal((await kubelet.get(path)).status, 503);
});

test('a token that the API server would not make again is not given again', async () => {
  await using stack = new AsyncDisposableStack();
  const path = '/api/v1/namespaces/default/serviceaccounts/app/token';
  const token = ['{}', JSON.stringify({ sub: 'system:serviceaccount:default:app', exp: Math.floor(Date.now() / 1000) + 3600 }), 's'].map((part) => Buffer.from(part).toString('base64url')).join('.');
  let refuses = false;
  const { kubelet, store, cut } = await stage(stack, (request) => (refuses ? respond(request, 409, refusal(409)) : respond(request, 201, { kind: 'TokenRequest', status: { token } })));
  for (const uid of ['1', '2']) await kubelet.get(path, {}, json({ uid }));
  refuses = true;
  await kubelet.get(path, {}, json({ uid: '1' }));
  await until('it is forgotten', () => store.summary().tokens === 1);
  await cut();
  assert.deepEqual([(await kubelet.get(path, {}, json({ uid: '1' }))).status, (await kubelet.get(path, {}, json({ uid: '2' }))).status], [503, 201]);
});

test('what only would have happened is not kept', async () => {
  await using stack = new AsyncDisposableStack();
  const node = (resourceVersion: string): object => ({ kind: 'Node', apiVersion: 'v1', metadata: { name: nodeName, resourceVersion } });
  const { kubelet, cut } = await stage(stack, (request) => respond(request, 200, node(request.path.includes('dryRun') ? '9' : '5')));
  const path = `/api/v1/nodes/${nodeName}`;
  await kubelet.get(path);
  await kubelet.get(`${path}/status?dryRun=All`, { ':method': 'PATCH', 'content-type': 'application/merge-patch+json' }, json({}));
  await kubelet.get(`${path}?dryRun=All`, { ':method': 'DELETE' });
  await cut();
  assert.deepEqual(JSON.parse((await kubelet.get(path)).body.toString()), node('5'));
  assert.equal((await kubelet.get(`${path}/status?dryRun=All`, { ':method': 'PATCH', 'content-type': 'application/merge-patch+json' }, json({}))).status, 503);
});

test('an answer that was asked for in JSON is kept, whatever else its client would have taken', async () => {
  await using stack = new AsyncDisposableStack();
  const { kubelet, cut } = await stage(stack, (request) => respond(request, 200, { kind: 'Node', apiVersion: 'v1', metadata: { name: nodeName, resourceVersion: '5' } }));
  const kubectl = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json' };
  await kubelet.get(`/api/v1/nodes/${nodeName}`, kubectl);
  await cut();
  assert.equal((await kubelet.get(`/api/v1/nodes/${nodeName}`, kubectl)).status, 200);
});

test('a list that comes in pages is kept when its last page has come, if all are of one time', async () => {
  await using stack = new AsyncDisposableStack();
  const answers = new Map([['', listOf('7', ['a'], 'second')], ['second', listOf('7', ['b'], 'third')], ['third', listOf('7', ['c'])], ['old', listOf('6', ['x'])]]);
  const { kubelet, cut, heal, store } = await stage(stack, (request) => respond(request, 200, answers.get(new URLSearchParams(request.path.split('?')[1]).get('continue') ?? '')!));
  for (const page of ['', '&continue=second']) await kubelet.get(`${pods}&limit=1${page}`);
  await cut();
  assert.equal((await kubelet.get(pods)).status, 503, 'two pages of three are no list');
  await heal();
  await kubelet.get(`${pods}&limit=1&continue=third`);
  await cut();
  assert.deepEqual(namesOf((await kubelet.get(pods)).body), ['a', 'b', 'c']);
  await heal();
  // The first page again, and then what the API server gives for a token that it has forgotten: another time's rest.
  answers.set('', listOf('8', ['a'], 'old'));
  for (const page of ['', '&continue=old']) await kubelet.get(`${pods}&limit=1${page}`);
  assert.deepEqual(store.summary().collections.map(({ resourceVersion }) => resourceVersion), ['7']);
});

test('who begins many lists in pages and ends none costs only itself what it began', async () => {
  await using stack = new AsyncDisposableStack();
  const { kubelet, pods: others, cut } = await stage(stack, (request) => {
    const isLast = request.path.includes('continue=');
    respond(request, 200, listOf('20', [isLast ? 'b' : 'a'], isLast ? '' : 'next'));
  });
  assert.equal((await kubelet.get(`${pods}&limit=1`)).status, 200);
  for (let count = 0; count < 20; count += 1) await others.get(`/api/v1/pods?labelSelector=x!%3D${count}&limit=1`, bearer(jwt('system:serviceaccount:default:app')));
  assert.equal((await kubelet.get(`${pods}&limit=1&continue=next`)).status, 200);
  await cut();
  const kept = await kubelet.get(pods);
  assert.equal(kept.status, 200);
  assert.deepEqual(namesOf(kept.body), ['a', 'b']);
});

test('a client that knows more than what is kept is told to list, once; what is older is not given when cut off', async () => {
  await using stack = new AsyncDisposableStack();
  const watches: Arrived[] = [];
  const { kubelet, cut, store, world } = await stage(stack, (request) => {
    if (!request.path.includes('watch=')) return respond(request, 200, listOf('5', ['a']));
    watches.push(request);
    watching(request);
  });
  await kubelet.get(pods);
  const watch = (bookmarks = true): ReturnType<typeof kubelet.ask> => kubelet.ask(`${pods}&watch=true&resourceVersion=9&allowWatchBookmarks=${String(bookmarks)}`);
  const plain = watch(false);
  await until('one that is not to live long is left alone', () => plain.status === 200);
  await kubelet.get(pods);
  const first = watch();
  await until('it is told', () => first.end === 'whole');
  assert.deepEqual(framesOf(first.body).map(({ type, object }) => [type, (object as unknown as { code: number }).code]), [['ERROR', 410]]);
  assert.deepEqual(store.summary().collections, []);
  await until('the watch behind it is over', () => watches[1]!.stream.closed);
  const second = watch();
  await until('it goes on', () => watches.length === 3 && second.status === 200);
  assert.equal(second.end, undefined);
  assert.deepEqual([plain.end, world.api.of(pods).length], [undefined, 2]);
  await cut();
  assert.equal((await kubelet.get(pods)).status, 503);
});

test('a watch with a frame that cannot be read goes on to its client, and what is kept is not taken for all', async () => {
  await using stack = new AsyncDisposableStack();
  let stream: Arrived['stream'] | undefined;
  const { kubelet, cut } = await stage(stack, (request) => {
    ({ stream } = request);
    watching(request, event('ADDED', pod('a', '5')), bookmark('7'));
  });
  const watch = kubelet.ask(`${pods}&${initial}`);
  await until('the initial events have come', () => framesOf(watch.body).length === 2);
  stream!.write(Buffer.concat([Buffer.from('{"type":"ODD","object":{}}\n'), event('ADDED', pod('b', '8'))]));
  await until('all has come', () => framesOf(watch.body).length === 4);
  await cut();
  await until('its client asks anew', () => watch.end !== undefined);
  assert.equal((await kubelet.get(pods)).status, 503);
});

test('a watch whose client has not got all that was recorded is not left open: it would lack that until the link is back', async () => {
  await using stack = new AsyncDisposableStack();
  const map = (name: string, resourceVersion: string): object => ({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, namespace: 'default', resourceVersion }, data: { filler: 'x'.repeat(100_000) } });
  let stream: Arrived['stream'] | undefined;
  const { kubelet, cut, store } = await stage(stack, (request) => {
    ({ stream } = request);
    watching(request, event('ADDED', map('a', '5')), bookmark('7', 'ConfigMap'));
  });
  const path = '/api/v1/namespaces/default/configmaps';
  const watch = kubelet.ask(`${path}?${initial}`);
  await until('the initial events have come', () => watch.body.includes('"BOOKMARK"'));
  watch.stream.pause();
  stream!.write(Buffer.concat(Array.from({ length: 20 }, (_, index) => event('ADDED', map(`b${index}`, `${8 + index}`)))));
  await until('some were recorded', () => (store.summary().collections[0]?.objects ?? 0) > 2);
  await cut();
  watch.stream.resume();
  await until('it is over', () => watch.end !== undefined);
  assert.notEqual(watch.end, 'whole');
});
