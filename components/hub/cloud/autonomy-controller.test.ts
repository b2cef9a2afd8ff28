import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';
import { createAuthority } from '../../../core/pki.ts';
import { until } from '../../tunnel/testing/until.ts';
import { AutonomyController } from './autonomy-controller.ts';
import type { KubePod, PodPatch, Toleration } from './tolerations.ts';

const unreachable = 'node.kubernetes.io/unreachable';
const usual: readonly Toleration[] = ['node.kubernetes.io/not-ready', unreachable].map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }));

/** Two collections of an API server: lists, watches and merge patches, with its rule for what has changed meanwhile. */
class Api implements AsyncDisposable {
  readonly nodes = new Map<string, object>();
  readonly pods = new Map<string, KubePod>();
  readonly patches: string[] = [];
  /** Answers patches instead, as long as it is there. */
  refuse: number | undefined;
  port = 0;
  ca = '';
  #version = 1;
  readonly #watches: { readonly of: string; readonly response: ServerResponse }[] = [];
  readonly #stack = new AsyncDisposableStack();

  static async listen(): Promise<Api> {
    const api = new Api();
    const authority = await createAuthority({ commonName: 'kubernetes' });
    const { certPem: cert, keyPem: key } = await authority.issue({ commonName: 'kube-apiserver', ipAddresses: ['127.0.0.1'], server: true });
    const server = createServer({ cert, key }, (request, response) => void api.#answer(request, response));
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => void sockets.add(socket));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    api.#stack.defer(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    api.port = (server.address() as AddressInfo).port;
    api.ca = authority.certPem;
    return api;
  }

  node(name: string, autonomous: boolean): void {
    const node = { metadata: { name, resourceVersion: this.#next(), labels: { autonomous: String(autonomous) } } };
    this.#tell('nodes', this.nodes.has(name) ? 'MODIFIED' : 'ADDED', node);
    this.nodes.set(name, node);
  }

  pod(name: string, nodeName: string, tolerations = usual): void {
    const pod: KubePod = { metadata: { name, namespace: 'default', uid: `uid of ${name}`, resourceVersion: this.#next() }, spec: { nodeName, tolerations } };
    this.pods.set(name, pod);
    this.#tell('pods', 'ADDED', pod);
  }

  secondsOf(name: string): (number | undefined)[] {
    return (this.pods.get(name)?.spec?.tolerations ?? []).map(({ tolerationSeconds }) => tolerationSeconds);
  }

  #next(): string {
    return String(this.#version++);
  }

  #tell(of: string, type: string, object: object): void {
    for (const watch of this.#watches) if (watch.of === of) watch.response.write(`${JSON.stringify({ type, object })}\n`);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, 'https://api');
    const of = pathname.split('/')[3]!;
    if (request.method === 'PATCH') return this.#patch(pathname.split('/').at(-1)!, JSON.parse(await text(request)) as PodPatch, response);
    if (searchParams.has('watch')) return void (response.writeHead(200).flushHeaders(), this.#watches.push({ of, response }));
    const items = [...(of === 'nodes' ? this.nodes : this.pods).values()];
    response.end(JSON.stringify({ metadata: { resourceVersion: String(this.#version) }, items }));
  }

  #patch(name: string, patch: PodPatch, response: ServerResponse): void {
    this.patches.push(name);
    const pod = this.pods.get(name);
    const refused = this.refuse ?? (pod === undefined ? 404 : patch.metadata.resourceVersion === pod.metadata.resourceVersion && patch.metadata.uid === pod.metadata.uid ? undefined : 409);
    if (refused !== undefined || pod === undefined) return void response.writeHead(refused ?? 404).end('{}');
    const annotations = Object.fromEntries(Object.entries({ ...pod.metadata.annotations, ...patch.metadata.annotations }).filter((entry): entry is [string, string] => entry[1] !== null));
    const changed: KubePod = { ...pod, metadata: { ...pod.metadata, annotations, resourceVersion: this.#next() }, spec: { ...pod.spec, tolerations: patch.spec.tolerations } };
    this.pods.set(name, changed);
    response.end(JSON.stringify(changed));
    this.#tell('pods', 'MODIFIED', changed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function follow(stack: AsyncDisposableStack, api: Api): { readonly controller: AutonomyController; readonly failures: unknown[] } {
  const abort = new AbortController();
  const failures: unknown[] = [];
  const controller = new AutonomyController({ access: { host: '127.0.0.1', port: api.port, token: () => 'a token', ca: () => api.ca }, label: 'autonomous=true', failed: (error) => void failures.push(error), signal: abort.signal });
  const over = controller.run();
  stack.defer(async () => {
    abort.abort();
    await over;
  });
  return { controller, failures };
}

test('Pods of autonomous nodes stay, those of others do not, and the label may change its mind', async () => {
  await using stack = new AsyncDisposableStack();
  const api = stack.use(await Api.listen());
  api.node('edge', true);
  api.node('cloud', false);
  api.pod('here', 'edge');
  api.pod('there', 'cloud');
  const { controller } = follow(stack, api);
  await until('it has read all', () => controller.notReady === undefined);
  await until('the Pod stays', () => api.secondsOf('here').every((seconds) => seconds === undefined));
  api.pod('late', 'edge');
  await until('one that came later stays too', () => api.secondsOf('late').every((seconds) => seconds === undefined));
  api.node('edge', false);
  await until('both are as they were', () => ['here', 'late'].every((name) => api.secondsOf(name).every((seconds) => seconds === 300)));
  assert.deepEqual(api.pods.get('here')?.metadata.annotations, {});
  assert.deepEqual(api.secondsOf('there'), [300, 300]);
  assert.deepEqual(api.patches, ['here', 'late', 'here', 'late']);
});

test('a patch that fails is made again; one that comes too late is not', async () => {
  await using stack = new AsyncDisposableStack();
  const api = stack.use(await Api.listen());
  api.node('edge', true);
  api.refuse = 500;
  api.pod('here', 'edge');
  const { failures } = follow(stack, api);
  await until('it has failed', () => failures.length > 0);
  api.refuse = undefined;
  await until('the Pod stays', () => api.secondsOf('here').every((seconds) => seconds === undefined));
  // Deleted between the look and the patch.
  api.refuse = 404;
  const { length } = api.patches;
  const before = failures.length;
  api.pod('gone', 'edge');
  await until('it was tried', () => api.patches.length > length);
  assert.deepEqual([api.patches.slice(length), failures.length], [['gone'], before]);
});
