import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../tunnel/testing/until.ts';
import type { Arrived } from '../testing/api-server.ts';
import { nodeName } from '../testing/pki.ts';
import { bearer, bookmark, event, framesOf, initial, jwt, respond, stage, watching, type Stage } from '../testing/stage.ts';
import type { Told } from '../testing/world.ts';

const nodes = `/api/v1/nodes?fieldSelector=metadata.name%3D${nodeName}`;
const shared = `${nodes}&edgeHub=shared`;
const watchFrom = (resourceVersion: string, rest = ''): string => `${shared}&watch=1&allowWatchBookmarks=true&resourceVersion=${resourceVersion}${rest}`;
const node = (resourceVersion: string): object => ({ kind: 'Node', apiVersion: 'v1', metadata: { name: nodeName, resourceVersion } });
const versionOf = (body: Buffer): string => (JSON.parse(body.toString()) as { metadata: { resourceVersion: string } }).metadata.resourceVersion;
const typesOf = ({ body }: Told): string[] => framesOf(body).map(({ type }) => type);

interface Followed extends Stage {
  /** The kubelet's watch, as the API server has it. */
  readonly upstream: Arrived;
  readonly watch: Told;
  /** What the API server was asked since. */
  asked(): string[];
}

/** The kubelet watches its Node, which is of version 5. */
async function followed(stack: AsyncDisposableStack): Promise<Followed> {
  const staged = await stage(stack, (request) => {
    if (request.path.includes('watch=')) watching(request, ...(request.path.includes('sendInitialEvents') ? [event('ADDED', node('5')), bookmark('5', 'Node')] : []));
    else respond(request, 200, { kind: 'NodeList', apiVersion: 'v1', metadata: { resourceVersion: '90' }, items: [node('5')] });
  });
  const watch = staged.kubelet.ask(`${nodes}&${initial}`);
  await until('the kubelet has its Node', () => typesOf(watch).length === 2);
  const { arrived } = staged.world.api;
  const before = arrived.length;
  return { ...staged, watch, upstream: arrived.at(-1)!, asked: () => arrived.slice(before).map(({ path }) => path) };
}

test('what the kubelet watches is listed and watched here by whoever is content with that, and the API server is not asked', async () => {
  await using stack = new AsyncDisposableStack();
  const { kubelet, upstream, asked } = await followed(stack);
  const list = await kubelet.get(shared);
  assert.deepEqual([list.status, versionOf(list.body)], [200, '5']);
  const watch = kubelet.ask(watchFrom('5'));
  await until('it is begun', () => watch.status === 200);
  upstream.stream.write(Buffer.concat([event('MODIFIED', node('6')), event('BOOKMARK', node('7')), event('DELETED', node('8'))]));
  await until('it is told', () => typesOf(watch).length === 3);
  assert.deepEqual(framesOf(watch.body).map(({ type, object }) => [type, (object.metadata as { resourceVersion?: string }).resourceVersion]), [['MODIFIED', '6'], ['BOOKMARK', '7'], ['DELETED', '8']]);
  assert.equal(framesOf(watch.body)[1]!.object.metadata.annotations, undefined);
  // From before: it lists again, and is told of now.
  assert.deepEqual(typesOf(await kubelet.get(watchFrom('5'))), ['ERROR']);
  assert.equal(versionOf((await kubelet.get(shared)).body), '8');
  assert.deepEqual(asked(), []);
  watch.stream.close();
});

test('who does not say so, knows of something newer, shows a token, or asks for what nobody watches has the API server asked', async () => {
  await using stack = new AsyncDisposableStack();
  const { kubelet, pods, asked } = await followed(stack);
  const others = [nodes, watchFrom('90'), `/api/v1/nodes?edgeHub=shared`, `${shared}&labelSelector=a`];
  for (const path of others) kubelet.ask(path);
  pods.ask(shared, bearer(jwt('system:serviceaccount:default:app')));
  // The same in another form.
  kubelet.ask(shared, { accept: 'application/vnd.kubernetes.protobuf' });
  await until('all are asked for', () => asked().length === others.length + 2);
});

test('a watch that is shared ends at its time, and when what it shares is listed anew', async () => {
  await using stack = new AsyncDisposableStack();
  const { kubelet, asked } = await followed(stack);
  const short = kubelet.ask(watchFrom('5', '&timeoutSeconds=1'));
  const long = kubelet.ask(watchFrom('5', '&timeoutSeconds=600'));
  await until('it is ended', () => short.end === 'whole');
  assert.equal(long.end, undefined);
  assert.deepEqual(asked(), []);
  await kubelet.get(nodes);
  await until('the other one is ended', () => long.end === 'whole');
});

test('a watch that is shared outlives the one that it shares when another follows, and ends when none does', async () => {
  await using stack = new AsyncDisposableStack();
  const { kubelet, upstream, watch, world, asked } = await followed(stack);
  const sharing = kubelet.ask(watchFrom('5'));
  await until('it is begun', () => sharing.status === 200);
  upstream.stream.end();
  await until('the kubelet is told', () => watch.end === 'whole');
  kubelet.ask(`${nodes}&watch=true&resourceVersion=5`);
  await until('it goes on', () => asked().length === 1);
  world.api.arrived.at(-1)!.stream.write(event('MODIFIED', node('6')));
  await until('it is told', () => typesOf(sharing).length === 1);
  assert.equal(sharing.end, undefined);
  world.api.arrived.at(-1)!.stream.end();
  await until('it is ended', () => sharing.end === 'whole');
});

test('cut off, and after that, it is as any other', async () => {
  await using stack = new AsyncDisposableStack();
  const { kubelet, cut, heal, asked } = await followed(stack);
  const sharing = kubelet.ask(watchFrom('5'));
  await until('it is begun', () => sharing.status === 200);
  await cut();
  await until('it is ended', () => sharing.end === 'whole');
  assert.equal(versionOf((await kubelet.get(shared)).body), '5');
  const silent = kubelet.ask(watchFrom('5'));
  await until('it is open', () => silent.status === 200);
  await heal();
  await until('it is ended', () => silent.end === 'whole');
  assert.deepEqual(asked(), []);
  kubelet.ask(watchFrom('5'));
  await until('nobody watches: the API server is asked', () => asked().length === 1);
});
