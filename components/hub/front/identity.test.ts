import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { identify, nameOf, type ShownCertificate } from './identity.ts';

const bounded = { interruptAfterTimeLimit: 3000, markInterruptAsFailure: false };
const jwt = (claims: unknown): string => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
const hash = (token: string): string => createHash('sha256').update(token).digest('hex');

test('a token is known by its hash, and by what it says of itself', () => {
  const token = jwt({ sub: 'system:serviceaccount:kube-system:flannel', exp: 1_800_000_000, 'kubernetes.io': { namespace: 'kube-system', pod: { name: 'f', uid: 'uid-1' }, node: { name: 'edge-1' } } });
  const identity = identify({ authorization: `Bearer ${token}` }, undefined);
  assert.deepEqual(identity, { kind: 'token', tokenHash: hash(token), claims: { subject: 'system:serviceaccount:kube-system:flannel', podUid: 'uid-1', expires: new Date(1_800_000_000_000) } });
  assert.equal(nameOf(identity), 'system:serviceaccount:kube-system:flannel');
  assert.deepEqual(identify({ authorization: `bearer ${token} ` }, undefined), identity);
  // As a browser sends it on a WebSocket.
  const inProtocol = { 'sec-websocket-protocol': `v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}` };
  assert.deepEqual(identify(inProtocol, undefined, true), identity);
  // The API server looks there for no other request.
  assert.deepEqual(identify(inProtocol, undefined), { kind: 'anonymous' });
  assert.deepEqual(identify({ authorization: 'Bearer abc' }, undefined), { kind: 'token', tokenHash: hash('abc') });
});

test('only a ServiceAccount\'s token says whose it is: not a node\'s, not a user\'s', () => {
  for (const sub of ['system:node:edge-1', 'system:serviceaccount:a', 'system:serviceaccount:a:b:c', 'system:serviceaccount::b', 'admin', '']) {
    const token = jwt({ sub, exp: 1_800_000_000 });
    assert.deepEqual(identify({ authorization: `Bearer ${token}` }, undefined), { kind: 'token', tokenHash: hash(token) });
  }
});

test('a certificate counts before a token, and neither is nobody', () => {
  const node: ShownCertificate = { identity: { kind: 'node', user: 'system:node:edge-1', groups: ['system:nodes'] }, until: new Date(Date.now() + 60_000) };
  assert.equal(identify({ authorization: 'Bearer abc' }, node), node.identity);
  assert.deepEqual(identify({}, { ...node, until: new Date() }), { kind: 'anonymous' });
  for (const headers of [{}, { authorization: 'Basic eDp5' }, { authorization: 'Bearer' }, { authorization: 'Bearer a b' }, { authorization: 'Bearer  a' }, { authorization: '\u00a0Bearer a' }, { authorization: 'Bearer a\u00a0' }, { 'sec-websocket-protocol': 'v5.channel.k8s.io' }]) assert.deepEqual(identify(headers as never, undefined), { kind: 'anonymous' });
});

test('whatever a client sends, it is told apart, without an exception, and never named by its token', () => {
  const claims = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.record({ sub: fc.oneof(fc.string(), fc.integer()), exp: fc.oneof(fc.double(), fc.string()), 'kubernetes.io': fc.anything() }).map((value) => JSON.stringify(value) ?? ''));
  fc.assert(fc.property(claims, fc.stringMatching(/^[A-Za-z0-9_-]{20,40}$/), (body, secret) => {
    const token = `${secret}.${Buffer.from(body).toString('base64url')}.${secret}`;
    const identity = identify({ authorization: `Bearer ${token}` }, undefined);
    assert.ok(identity.kind === 'token' && identity.tokenHash === hash(token));
    assert.ok(!JSON.stringify(identity).includes(secret) && !nameOf(identity).includes(secret));
    if (identity.claims?.expires !== undefined) assert.ok(!Number.isNaN(identity.claims.expires.getTime()));
  }), bounded);
});
