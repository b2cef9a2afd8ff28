import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CannotTellError } from '../../core/errors.ts';
import { failureOf, names, tried, type Attempt } from './kubectl-attempt.ts';

const seen = (code: Attempt['code'], stderr: string): Attempt => ({ code, stdout: '', stderr, tookMs: 1234 });

const ahead = [
  'error: unknown flag: --contaner\nSee kubectl logs --help',
  'Error from server (NotFound): pods "app-1" not found',
  'Error from server (NotFound): namespaces "ns" not found',
  'error: container ecko is not valid for pod app-1',
  'Error from server (BadRequest): container ecko is not valid for pod app-1',
  'Error from server (Forbidden): pods "app-1" is forbidden: User "x" cannot get resource "pods/log"',
  'The connection to the server 127.0.0.1:4711 was refused - did you specify the right host or port?',
  'Unable to connect to the server: net/http: TLS handshake timeout',
  'E1124 08:00:00.000000    1 memcache.go:265] couldn\'t get current server API group list: dial tcp: connection refused',
];
for (const stderr of ahead) {
  test(`no tunnel's doing: ${stderr.slice(0, 60)}`, () => assert.throws(() => tried(seen(1, stderr)), (error) => error instanceof CannotTellError && error.code === 'KUBECTL'));
}

const tunnels = [
  'Error from server: Get "https://172.18.0.5:10250/containerLogs/ns/app-1/echo": dial tcp 172.18.0.5:10250: i/o timeout',
  'error: unable to upgrade connection: error dialing backend: proxy error from 172.18.0.3:8131 while dialing 172.18.0.5:10250, code 504',
  'Error from server (NotFound): the server could not find the requested resource ( pods/log app-1)',
  'Error from server (Forbidden): Forbidden (user=kube-apiserver-kubelet-client, verb=get, resource=nodes, subresource=proxy)',
];
for (const stderr of tunnels) test(`a tunnel's doing: ${stderr.slice(0, 60)}`, () => assert.match(failureOf(tried(seen(1, stderr))) ?? '', /exit code 1|failed after/));

test('what hangs is a failure, and the command\'s own exit code is none', () => {
  assert.equal(failureOf(tried(seen('killed', ''))), 'no end within 1.2 s');
  assert.equal(failureOf(tried(seen(7, 'err')), 7), undefined);
});

test('a node is named by its whole name or address', () => {
  assert.ok(names('Get "https://172.18.0.4:10250/x": EOF', ['dev-worker', '172.18.0.4']));
  assert.ok(names('node dev-worker: no tunnel.', ['dev-worker', '172.18.0.4']));
  assert.ok(names('no tunnel to 172.18.0.4.', ['172.18.0.4']));
  for (const text of ['dev-worker2 is away', 'dial 172.18.0.41:10250', 'dial 1172.18.0.4', 'my-dev-worker']) assert.ok(!names(text, ['dev-worker', '172.18.0.4']), text);
});
