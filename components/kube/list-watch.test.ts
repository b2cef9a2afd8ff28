import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { createAuthority } from '../../core/pki.ts';
import { waitFor } from '../../core/wait.ts';
import { inClusterAccess } from './in-cluster.ts';
import { listWatch, type KubeItem } from './list-watch.ts';

const until = async (what: string, holds: () => boolean): Promise<void> => await waitFor(what, async () => (holds() ? { done: undefined } : { missing: 'it does not hold' }), { timeoutMs: 10_000, everyMs: 5 });

const item = (name: string, resourceVersion: string, namespace?: string): KubeItem => ({ metadata: { name, resourceVersion, ...(namespace !== undefined && { namespace }) } });

/** A collection of an API server in small: each request is answered by the next of its answers; the last one stays. */
class Api implements AsyncDisposable {
  readonly asked: { readonly query: URLSearchParams; readonly token: string | undefined }[] = [];
  lists: ((response: ServerResponse) => void)[] = [];
  watches: ((response: ServerResponse) => void)[] = [];
  readonly port: number;
  readonly ca: string;
  readonly #close: () => Promise<void>;

  private constructor(port: number, ca: string, close: () => Promise<void>) {
    this.port = port;
    this.ca = ca;
    this.#close = close;
  }

  static async listen(): Promise<Api> {
    const authority = await createAuthority({ commonName: 'kubernetes' });
    const { certPem: cert, keyPem: key } = await authority.issue({ commonName: 'kube-apiserver', ipAddresses: ['127.0.0.1'], server: true });
    const server = createServer({ cert, key }, (request, response) => api.#answer(request, response));
    const sockets = new Set<Socket>();
    // Also those that are still in their handshakes.
    server.on('connection', (socket: Socket) => void sockets.add(socket.on('close', () => sockets.delete(socket))));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const api: Api = new Api((server.address() as AddressInfo).port, authority.certPem, async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return api;
  }

  /** @returns what it has seen so far, as names; and what failed */
  follow(stack: DisposableStack, path = '/api/v1/nodes', keep?: (item: KubeItem) => KubeItem): { names: () => string; failures: string[]; over: Promise<void>; stop: () => void; readonly changes: number } {
    const abort = new AbortController();
    stack.defer(() => abort.abort());
    let seen: ReadonlyMap<string, KubeItem> | undefined;
    const state = { changes: 0, failures: [] as string[] };
    const over = listWatch({
      access: { host: '127.0.0.1', port: this.port, token: () => 'a token', ca: () => this.ca },
      path,
      ...(keep && { keep }),
      signal: abort.signal,
      failed: (error) => void state.failures.push((error as Error).message),
      changed: (items) => {
        seen = items;
        state.changes += 1;
      },
    });
    return { names: () => [...(seen?.keys() ?? ['nothing'])].join(), failures: state.failures, over, stop: () => abort.abort(), get changes() { return state.changes; } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { searchParams: query } = new URL(request.url!, 'https://x');
    this.asked.push({ query, token: request.headers.authorization });
    const answers = query.get('watch') === '1' ? this.watches : this.lists;
    const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
    answer(response);
  }
}

const list = (resourceVersion: string, ...items: KubeItem[]) => (response: ServerResponse): void => void response.end(JSON.stringify({ metadata: { resourceVersion }, items }));
/** Sent in pieces that end anywhere, also in the middle of a character. */
const watch = (events: readonly object[], then: 'stay' | 'end' | 'break' = 'stay') => (response: ServerResponse): void => {
  response.writeHead(200);
  const bytes = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  for (let at = 0; at < bytes.length; at += 7) response.write(bytes.subarray(at, at + 7));
  if (then === 'end') response.end();
  if (then === 'break') setImmediate(() => response.socket?.destroy());
};
const event = (type: string, object: object): object => ({ type, object });

test('a list, and then what changes', async () => {
  await using api = await Api.listen();
  using stack = new DisposableStack();
  api.lists = [list('10', item('one', '1'), item('two', '2', 'ns'))];
  api.watches = [watch([event('ADDED', item('dreiß', '11')), event('MODIFIED', item('one', '12')), event('DELETED', item('two', '13', 'ns')), event('BOOKMARK', { metadata: { resourceVersion: '20' } })])];
  const seen = api.follow(stack, '/apis/x/y?labelSelector=a%3Db');
  await until('all is seen', () => seen.changes === 4);
  assert.equal(seen.names(), '/one,/dreiß');
  assert.deepEqual(api.asked.map(({ query, token }) => [query.get('labelSelector'), query.get('resourceVersion'), token]), [['a=b', null, 'Bearer a token'], ['a=b', '10', 'Bearer a token']]);
  seen.stop();
  await seen.over;
  assert.deepEqual(seen.failures, []);
});

test('of what is not kept no change is told', async () => {
  await using api = await Api.listen();
  using stack = new DisposableStack();
  const node = (resourceVersion: string, labels: Record<string, string>, uid: string): object => ({ metadata: { name: 'one', resourceVersion, labels, uid } });
  api.lists = [list('10', node('10', { tier: 'edge' }, 'a') as KubeItem)];
  api.watches = [watch([event('MODIFIED', node('11', { tier: 'edge' }, 'b')), event('MODIFIED', node('12', { tier: 'cloud' }, 'c')), event('DELETED', node('13', { tier: 'cloud' }, 'c'))])];
  const seen = api.follow(stack, '/api/v1/nodes', ({ metadata: { name, labels } }) => ({ metadata: { name, ...(labels && { labels }) } }));
  await until('it is gone', () => seen.names() === '');
  assert.equal(seen.changes, 3);
});

test('a watch that ends goes on from its last event; one whose start is gone, in either way, is listed anew', async () => {
  await using api = await Api.listen();
  using stack = new DisposableStack();
  const gone = { kind: 'Status', code: 410, message: 'too old resource version' };
  api.lists = [list('10', item('one', '1')), list('50', item('two', '2')), list('60', item('three', '3'))];
  api.watches = [
    watch([event('ADDED', item('two', '11')), event('BOOKMARK', { metadata: { resourceVersion: '30' } })], 'end'),
    watch([event('ERROR', gone)]),
    (response) => void response.writeHead(410).end(JSON.stringify(gone)),
    watch([]),
  ];
  const seen = api.follow(stack);
  await until('it was listed three times', () => seen.names() === '/three' && api.asked.length === 7);
  assert.deepEqual(api.asked.map(({ query }) => query.get('resourceVersion')), [null, '10', '30', null, '50', null, '60']);
  assert.match(seen.failures.join(), /^WATCH \/api\/v1\/nodes: too old resource version,GET \/api\/v1\/nodes: 410: /);
});

test('what was seen stays while the API server refuses, breaks off or talks nonsense', async () => {
  await using api = await Api.listen();
  using stack = new DisposableStack();
  api.lists = [list('10', item('one', '1')), (response) => void response.writeHead(503).end('away'), (response) => void response.end('{"half'), list('20', item('two', '2'))];
  api.watches = [watch([event('ADDED', item('two', '11'))], 'break'), watch([])];
  const seen = api.follow(stack);
  await until('two is seen', () => seen.names() === '/one,/two');
  await until('it is back', () => seen.names() === '/two');
  assert.equal(seen.failures.length, 3);
  assert.match(seen.failures[1]!, /503: away/);
});

test('a watch that ends at once, again and again, is not asked for without a pause', async () => {
  await using api = await Api.listen();
  using stack = new DisposableStack();
  api.lists = [list('10', item('one', '1'))];
  api.watches = [watch([], 'end')];
  const seen = api.follow(stack);
  await until('it has failed three times', () => seen.failures.length >= 3);
  assert.ok(api.asked.length <= 8, `${api.asked.length} requests`);
  assert.match(seen.failures[0]!, /ended at once/);
});

test('a Pod knows where the API server is; whoever is none is told so', () => {
  const access = inClusterAccess({ KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }, '/none');
  assert.deepEqual([access.host, access.port], ['10.96.0.1', 443]);
  assert.throws(() => access.token(), { code: 'ENOENT' });
  for (const env of [{}, { KUBERNETES_SERVICE_HOST: 'x' }, { KUBERNETES_SERVICE_HOST: 'x', KUBERNETES_SERVICE_PORT: 'y' }]) assert.throws(() => inClusterAccess(env), { code: 'NOT_IN_CLUSTER' });
});
