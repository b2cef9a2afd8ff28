import assert from 'node:assert/strict';
import { test } from 'node:test';
import { protobufCodec } from '../wire/index.ts';
import { bytesField, textField } from '../wire/protobuf/fields.ts';
import { json } from '../testing/api-server.ts';
import { bearer, jwt, respond, stage } from '../testing/stage.ts';

const flannel = 'system:serviceaccount:kube-flannel:flannel';
const nodes = { kind: 'NodeList', apiVersion: 'v1', metadata: { resourceVersion: '20' }, items: [{ metadata: { name: 'edge-1', resourceVersion: '3' } }] };
const tokenPath = '/api/v1/namespaces/default/serviceaccounts/app/token';

test('an answer that the API server gives before it looks at the token makes nobody known', async () => {
  await using stack = new AsyncDisposableStack();
  const [real, ...forged] = [100, 200, 300, 400, 500].map((later) => jwt(flannel, Date.now() / 1000 + 3600 + later));
  const statuses = new Map([[forged[0], 400], [forged[1], 429], [forged[2], 500], [forged[3], 204]]);
  const { pods, cut } = await stage(stack, (request) => {
    const status = statuses.get(String(request.headers['authorization']).slice('Bearer '.length));
    if (status === undefined) return respond(request, 200, nodes);
    respond(request, status, status === 204 ? Buffer.alloc(0) : { kind: 'Status', code: status });
  });
  await pods.get('/api/v1/nodes', bearer(real!));
  await pods.get('/api/v1/nodes?timeout=abc', bearer(forged[0]!));
  for (const token of forged.slice(1, 3)) await pods.get('/api/v1/nodes', bearer(token));
  await pods.get('/api/v1/nodes', { ':method': 'OPTIONS', ...bearer(forged[3]!) });
  await cut();
  assert.equal((await pods.get('/api/v1/nodes', bearer(real!))).status, 200);
  for (const token of forged) assert.equal((await pods.get('/api/v1/nodes', bearer(token))).status, 401);
});

test('of an answer to a TokenRequest only the token counts, not what was asked for in its words', async () => {
  await using stack = new AsyncDisposableStack();
  const [made, forged, foreign] = [jwt('system:serviceaccount:default:app'), jwt(flannel), jwt('system:serviceaccount:default:app', Date.now() / 1000 + 7200)];
  const { kubelet, pods, cut } = await stage(stack, (request) => {
    if (request.path === tokenPath) return respond(request, 201, { kind: 'TokenRequest', spec: { audiences: [forged] }, status: { token: made } });
    // Another API's subresource of that name.
    if (request.path.endsWith('/token')) return respond(request, 201, { kind: 'TokenRequest', status: { token: foreign } });
    respond(request, 200, nodes);
  });
  await pods.get('/api/v1/nodes', bearer(jwt(flannel, Date.now() / 1000 + 5000)));
  await kubelet.get(tokenPath, {}, json({ spec: { audiences: [forged] } }));
  await kubelet.get('/apis/example.com/v1/namespaces/default/serviceaccounts/app/token', {}, json({}));
  await cut();
  assert.equal((await pods.get('/api/v1/nodes', bearer(forged))).status, 401);
  assert.equal((await pods.get('/api/v1/nodes', bearer(foreign))).status, 401);
  assert.equal((await pods.get('/api/v1/nodes', bearer(made))).status, 503);
});

test('a token in protobuf is kept as well', async () => {
  await using stack = new AsyncDisposableStack();
  const token = jwt('system:serviceaccount:default:app');
  const answer = protobufCodec.writeObject({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' }, Buffer.concat([bytesField(1, Buffer.alloc(0)), bytesField(2, textField(1, jwt(flannel))), bytesField(3, textField(1, token))]));
  const { kubelet, pods, cut } = await stage(stack, (request) => respond(request, 201, answer, protobufCodec.contentType));
  await kubelet.get(tokenPath, {}, json({}));
  await cut();
  assert.deepEqual((await kubelet.get(tokenPath, {}, json({}))).body, answer);
  assert.equal((await pods.get('/api/v1/nodes', bearer(token))).status, 503);
});
