import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../tunnel/testing/until.ts';
import { json, type Arrived } from './testing/api-server.ts';
import { nodeName } from './testing/pki.ts';
import { bearer, bookmark, event, framesOf, initial, jwt, own, pod, respond, shown, stage, watching } from './testing/stage.ts';
import { jsonCodec, protobufCodec } from './wire/index.ts';
import { bytesField, bytesOf, textField } from './wire/protobuf/fields.ts';

test('a WatchList and what follows it is there when the cloud is not, byte by byte', async () => {
  await using stack = new AsyncDisposableStack();
  const seen: Arrived[] = [];
  const { kubelet, cut, store } = await stage(stack, (request) => {
    seen.push(request);
    watching(request, event('ADDED', pod('a', '5')), event('ADDED', pod('b', '6')), bookmark('7'));
  });
  const online = kubelet.ask(`/api/v1/pods?${own}&${initial}`);
  await until('the initial events have come', () => framesOf(online.body).length === 3);
  seen[0]!.stream.write(Buffer.concat([event('MODIFIED', pod('a', '8')), event('DELETED', pod('b', '9'))]));
  await until('what followed has come', () => framesOf(online.body).length === 5);
  await cut();
  assert.equal(online.end, undefined, 'the watch that was open stays open');
  const offline = kubelet.ask(`/api/v1/pods?${own}&${initial}`);
  await until('it is answered', () => framesOf(offline.body).length === 2);
  assert.deepEqual(framesOf(offline.body)[0], { type: 'ADDED', object: pod('a', '8') });
  assert.deepEqual(framesOf(offline.body)[1]?.object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' });
  assert.equal(offline.end, undefined, 'a watch stays open');
  const list = await kubelet.get(`/api/v1/pods?${own}`);
  assert.deepEqual([list.status, (JSON.parse(list.body.toString()) as { kind: string }).kind], [200, 'PodList']);
  const one = await kubelet.get('/api/v1/namespaces/default/pods/a');
  assert.deepEqual([one.status, JSON.parse(one.body.toString())], [200, pod('a', '8')]);
  assert.equal(store.summary().collections.length, 1);
});

test('what was never given is an error that says so, never an empty list', async () => {
  await using stack = new AsyncDisposableStack();
  const { kubelet, cut } = await stage(stack, (request) => watching(request, event('ADDED', pod('a', '5')))); // and no bookmark: it is not whole
  const online = kubelet.ask(`/api/v1/pods?${own}&${initial}`);
  await until('it has begun', () => online.body.length > 0);
  await cut();
  for (const path of [`/api/v1/pods?${own}`, `/api/v1/pods?${own}&${initial}`, '/api/v1/secrets', '/api/v1/namespaces/default/pods/a']) {
    const { status, body } = await kubelet.get(path);
    const { reason, message } = JSON.parse(body.toString()) as { reason: string; message: string };
    assert.deepEqual([status, reason], [503, 'ServiceUnavailable'], path);
    assert.match(message, /not cached: a \w+ of \/api\/v1\/[\w/]+.* was never answered to system:node:edge-1/);
  }
});

test('watches end when the link is back, whenever they were opened', async () => {
  await using stack = new AsyncDisposableStack();
  const { kubelet, cut, heal, memory } = await stage(stack, (request) => watching(request, event('ADDED', pod('a', '5')), bookmark('7')));
  const before = kubelet.ask(`/api/v1/pods?${own}&${initial}`);
  await until('the initial events have come', () => framesOf(before.body).length === 2);
  await cut();
  const meanwhile = kubelet.ask(`/api/v1/pods?${own}&watch=true&resourceVersion=7`);
  await until('both wait', () => memory.openWatches.size === 2);
  await heal();
  await until('both are over', () => before.end === 'whole' && meanwhile.end === 'whole');
});

test('a watch from before what is known is told to list again', async () => {
  await using stack = new AsyncDisposableStack();
  const { kubelet, cut } = await stage(stack, (request) => respond(request, 200, { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '20' }, items: [] }));
  await kubelet.get(`/api/v1/pods?${own}`);
  await cut();
  const { body, end } = await kubelet.get(`/api/v1/pods?${own}&watch=true&resourceVersion=19`);
  assert.deepEqual([framesOf(body).map(({ type, object }) => [type, (object as unknown as { code: number }).code]), end], [[['ERROR', 410]], 'whole']);
});

test('nobody is given what another was given, and a token that was never accepted is nobody', async () => {
  await using stack = new AsyncDisposableStack();
  const [flannel, app, forged] = ['flannel', 'app', 'flannel'].map((name, index) => jwt(`system:serviceaccount:default:${name}`, Date.now() / 1000 + 3600 + index));
  const { pods, kubelet, cut } = await stage(stack, (request) => {
    if (request.headers['authorization'] === `Bearer ${forged}`) return respond(request, 401, { kind: 'Status', code: 401 });
    respond(request, 200, { kind: 'NodeList', apiVersion: 'v1', metadata: { resourceVersion: '20' }, items: [{ metadata: { name: 'edge-1', resourceVersion: '3' } }] });
  });
  assert.equal((await pods.get('/api/v1/nodes', bearer(flannel!))).status, 200);
  assert.equal((await pods.get('/api/v1/pods', bearer(app!))).status, 200);
  assert.equal((await pods.get('/api/v1/nodes', bearer(forged!))).status, 401);
  await cut();
  assert.equal((await pods.get('/api/v1/nodes', bearer(flannel!))).status, 200);
  assert.equal((await pods.get('/api/v1/nodes', bearer(app!))).status, 503);
  assert.equal((await pods.get('/api/v1/nodes', bearer(forged!))).status, 401);
  assert.equal((await pods.get('/api/v1/nodes', bearer(jwt('system:serviceaccount:default:flannel', Date.now() / 1000 + 9999)))).status, 401);
  assert.equal((await kubelet.get('/api/v1/nodes')).status, 503);
  assert.equal((await pods.get('/api/v1/nodes')).status, 503);
});

test('a node registers, says how it is and renews its lease without the cloud, which hears of it first thing', async () => {
  await using stack = new AsyncDisposableStack();
  const told: [string, string, object][] = [];
  const node = { kind: 'Node', apiVersion: 'v1', metadata: { name: nodeName, uid: 'u', resourceVersion: '5' }, status: { conditions: [{ type: 'Ready', status: 'Unknown' }, { type: 'DiskPressure', status: 'False' }] } };
  const { kubelet, cut, heal } = await stage(stack, (request) => {
    if (request.method === 'PATCH') {
      request.stream.on('end', () => {
        told.push([request.path, String(request.headers['content-type']), JSON.parse(request.body().toString()) as object]);
        respond(request, 200, {});
      });
      return;
    }
    respond(request, 200, node);
  });
  await kubelet.get(`/api/v1/nodes/${nodeName}`);
  await cut();
  assert.equal((await kubelet.get('/api/v1/nodes', {}, json(node))).status, 409);
  const patch = { status: { '$setElementOrder/conditions': [{ type: 'Ready' }, { type: 'DiskPressure' }], conditions: [{ type: 'Ready', status: 'True' }] } };
  const patched = await kubelet.get(`/api/v1/nodes/${nodeName}/status`, { ':method': 'PATCH', 'content-type': 'application/strategic-merge-patch+json' }, json(patch));
  assert.equal(patched.status, 200);
  const after = await kubelet.get(`/api/v1/nodes/${nodeName}`);
  assert.deepEqual((JSON.parse(after.body.toString()) as typeof node).status.conditions, [{ type: 'Ready', status: 'True' }, { type: 'DiskPressure', status: 'False' }]);
  const lease = { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata: { name: nodeName, namespace: 'kube-node-lease', resourceVersion: '9' }, spec: { renewTime: '2026-01-01T00:00:00.000000Z' } };
  const leasePath = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${nodeName}`;
  const renewed = await kubelet.get(leasePath, { ':method': 'PUT', 'content-type': 'application/json' }, json(lease));
  assert.deepEqual([renewed.status, JSON.parse(renewed.body.toString())], [200, lease]);
  assert.deepEqual(JSON.parse((await kubelet.get(leasePath)).body.toString()), lease);
  await heal();
  await until('the cloud was told', () => told.length === 2);
  assert.deepEqual(told.map(([path]) => path), [leasePath, `/api/v1/nodes/${nodeName}/status`]);
  assert.deepEqual(told[1]![2], { metadata: { uid: 'u' }, status: { conditions: [{ type: 'Ready', status: 'True' }, { type: 'DiskPressure', status: 'False' }] } });
});

test('a Pod has the token that it had; what nobody can do here says that nothing was done', async () => {
  await using stack = new AsyncDisposableStack();
  const token = jwt('system:serviceaccount:default:app');
  const { kubelet, pods, cut, store } = await stage(stack, (request) => {
    if (request.path.endsWith('/token')) return respond(request, 201, { kind: 'TokenRequest', status: { token } });
    respond(request, 200, { kind: 'NodeList', apiVersion: 'v1', metadata: { resourceVersion: '20' }, items: [] });
  });
  const path = '/api/v1/namespaces/default/serviceaccounts/app/token';
  const asked = json({ kind: 'TokenRequest', spec: { audiences: [''], boundObjectRef: { kind: 'Pod', uid: 'u1' } } });
  const online = await kubelet.get(path, { 'content-type': 'application/json' }, asked);
  assert.equal(online.status, 201);
  assert.equal(store.summary().tokens, 1);
  await cut();
  const offline = await kubelet.get(path, { 'content-type': 'application/json' }, asked);
  assert.deepEqual([offline.status, offline.body], [201, online.body]);
  // Another Pod's is another.
  const other = await kubelet.get(path, { 'content-type': 'application/json' }, json({ kind: 'TokenRequest', spec: { audiences: [''], boundObjectRef: { kind: 'Pod', uid: 'u2' } } }));
  assert.equal(other.status, 503);
  // Whoever has it is known, although it was never used while the link was there.
  assert.equal((await pods.get('/api/v1/nodes', bearer(token))).status, 503);
  const created = await kubelet.get('/api/v1/namespaces/default/configmaps', { 'content-type': 'application/json' }, json({ kind: 'ConfigMap' }));
  assert.equal(created.status, 503);
  assert.match(created.body.toString(), /nothing was done/);
});

const protobufMap = (text: string): Buffer => Buffer.concat([
  bytesField(1, Buffer.concat([textField(1, 'kube-root-ca.crt'), textField(3, 'default'), textField(5, 'u'), textField(6, '5')])),
  bytesField(2, Buffer.concat([textField(1, 'ca.crt'), textField(2, text)])),
]);
const jsonMap = (text: string): Buffer => Buffer.from(JSON.stringify({ metadata: { name: 'kube-root-ca.crt', namespace: 'default', uid: 'u', resourceVersion: '5' }, data: { 'ca.crt': text } }));

for (const { codec, map, authorities, accept, asked } of [
  { codec: jsonCodec, map: jsonMap, authorities: (raw: Buffer) => (JSON.parse(raw.toString()) as { data: Record<string, string> }).data['ca.crt'], accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json', asked: ['application/json', 'application/json'] },
  { codec: protobufCodec, map: protobufMap, authorities: (raw: Buffer) => bytesOf(bytesOf(raw, 2)!, 2)!.toString(), accept: 'application/vnd.kubernetes.protobuf', asked: ['application/vnd.kubernetes.protobuf;stream=watch, application/vnd.kubernetes.protobuf', 'application/vnd.kubernetes.protobuf'] },
]) {
  test(`${codec.contentType}: the node is shown whom to trust and where the API server is, online and off`, async () => {
    await using stack = new AsyncDisposableStack();
    const type = { apiVersion: 'v1', kind: 'ConfigMap' };
    const accepts: unknown[] = [];
    const { kubelet, cut } = await stage(stack, (request) => {
      accepts.push(request.headers['accept']);
      if (!request.path.includes('watch=')) return respond(request, 200, codec.writeObject(type, map('CLUSTER\n')), codec.contentType);
      request.stream.respond({ ':status': 200, 'content-type': codec.watchContentType });
      request.stream.write(Buffer.concat([codec.writeChange('ADDED', type, map('CLUSTER\n')), codec.writeBookmark(type, '7', { initialEventsEnd: true })]));
    });
    const named = '/api/v1/namespaces/default/configmaps';
    const watch = kubelet.ask(`${named}?fieldSelector=metadata.name%3Dkube-root-ca.crt&${initial}`, { accept });
    await until('the initial events have come', () => codec.watchReader().feed(watch.body).length === 2);
    const get = await kubelet.get(`${named}/kube-root-ca.crt`, { accept });
    assert.deepEqual(accepts, asked, 'whole objects, in an encoding that can be changed, as its client prefers');
    await cut();
    const offline = await kubelet.get(`${named}/kube-root-ca.crt`, { accept });
    const [first] = codec.watchReader().feed(watch.body);
    assert.ok(first !== undefined && 'object' in first);
    for (const { raw } of [first.object, codec.readObject(get.body).object, codec.readObject(offline.body).object]) assert.equal(authorities(raw), `CLUSTER\n${shown.authority}`);
  });
}

test('of its own Node the kubelet is given JSON, to which its status patches are applied; others are given what they ask for', async () => {
  await using stack = new AsyncDisposableStack();
  const accepts: unknown[] = [];
  const { kubelet, pods } = await stage(stack, (request) => {
    accepts.push(request.headers['accept']);
    respond(request, 200, { kind: 'Node', apiVersion: 'v1', metadata: { name: nodeName, resourceVersion: '5' } });
  });
  const accept = { accept: 'application/vnd.kubernetes.protobuf,application/json' };
  await kubelet.get(`/api/v1/nodes/${nodeName}`, accept);
  await pods.get(`/api/v1/nodes/${nodeName}`, { ...accept, ...bearer(jwt('system:serviceaccount:kube-flannel:flannel')) });
  assert.deepEqual(accepts, ['application/json', accept.accept]);
});
