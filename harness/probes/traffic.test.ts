import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReply } from './traffic.ts';

const url = 'http://10.96.0.7/';
const answer = { name: 'app-1', uid: 'u1', ip: '10.244.1.2', node: 'edge' };
const read = (stdout: string, code = 0, stderr = ''): ReturnType<typeof readReply> => readReply(url, { code, stdout, stderr });

test('an echo application is known by what it says of itself', () => {
  assert.deepEqual(read(`${JSON.stringify(answer)}\n\n200 text/html `), { answer });
});

// Seen: the ClusterIP of a Service that kube-proxy had not heard of, answered by the network outside.
test('an empty answer of a stranger is told with its status and its server, though curl ends well', () => {
  assert.deepEqual(read('\n404  keryx'), { failure: 'http://10.96.0.7/: something else answered, no application of edgeproof: HTTP 404 (keryx), with an empty body' });
});

test('neither another status nor JSON of another kind is an echo application', () => {
  assert.match(JSON.stringify(read(`${JSON.stringify(answer)}\n502 text/html nginx`)), /HTTP 502 \(text\/html nginx\)/);
  assert.match(JSON.stringify(read('null\n200 application/json ')), /HTTP 200 \(application\/json\), null/);
  assert.match(JSON.stringify(read('{"uid":7}\n200  ')), /something else answered/);
});

test('what failed is told in curl\'s words, or by its exit code; and no output is not an answer', () => {
  assert.deepEqual(read('', 28, 'noise\ncurl: (28) Connection timed out after 2001 milliseconds\n'), { failure: 'http://10.96.0.7/: curl: (28) Connection timed out after 2001 milliseconds' });
  assert.deepEqual(read('', 90), { failure: 'http://10.96.0.7/: exit 90, and no word of why' });
  assert.match(JSON.stringify(read('')), /curl ended well and said nothing of an answer: \(no output\)/);
});
