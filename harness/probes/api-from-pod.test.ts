import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeApiAnswer, namesOf, readApiReply } from './api-from-pod.ts';

const said = (stdout: string, code = 0, stderr = ''): Parameters<typeof readApiReply>[0] => ({ code, stdout, stderr }) as Parameters<typeof readApiReply>[0];

test('a list is read with its status, sorted by name', () => {
  const reply = readApiReply(said('{"kind":"ConfigMapList","items":[{"metadata":{"name":"b"}},{"metadata":{"name":"a"}}]}\n200'));
  assert.ok('answer' in reply);
  assert.equal(reply.answer.status, 200);
  assert.deepEqual(namesOf(reply.answer), ['a', 'b']);
});

test('an error of the API is an answer and no list, also when it is no JSON', () => {
  const reply = readApiReply(said('{"kind":"Status","message":"not cached\\nhere"}\n503'));
  assert.ok('answer' in reply);
  assert.equal(namesOf(reply.answer), undefined);
  assert.equal(describeApiAnswer(reply.answer), 'HTTP 503 (not cached\nhere)');
  const odd = readApiReply(said('bad gateway\n502'));
  assert.deepEqual(odd, { answer: { status: 502, body: 'bad gateway' } });
  assert.equal(namesOf({ status: 200, body: { kind: 'ConfigMap' } }), undefined);
});

test('no answer is a failure with curl\'s last words', () => {
  assert.deepEqual(readApiReply(said('', 7, 'curl: (7) Failed to connect\n')), { failure: 'curl: (7) Failed to connect' });
  assert.deepEqual(readApiReply(said('', 28)), { failure: 'exit 28, and no word of why' });
  assert.ok('failure' in readApiReply(said('{}')));
});
