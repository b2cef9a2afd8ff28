import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../tunnel/testing/until.ts';
import { json, type Arrived } from '../testing/api-server.ts';
import { nodeName } from '../testing/pki.ts';
import { bearer, bookmark, event, framesOf, initial, jwt, own, pod, respond, stage, watching } from '../testing/stage.ts';
import { nodePath } from './paths.ts';

const watchList = `/api/v1/pods?${own}&${initial}`;

test('a watch whose session is lost while the API server is there is ended: its client must not stay deaf', async () => {
  await using stack = new AsyncDisposableStack();
  const { world, hub, kubelet, memory } = await stage(stack, (request) => watching(request, event('ADDED', pod('a', '5')), bookmark('7')));
  const watch = kubelet.ask(watchList);
  await until('the initial events have come', () => framesOf(watch.body).length === 2);
  const states: string[] = [];
  hub.link.onChange(({ kind }) => void states.push(kind));
  world.wan.down();
  world.wan.up();
  await until('the watch is over', () => watch.end === 'whole');
  assert.deepEqual([states, memory.openWatches.size], [[], 0], 'it was never cut off');
});

test('a WatchList that is cut in the middle is broken, whatever is known from before: its client asks again and has all', async () => {
  await using stack = new AsyncDisposableStack();
  const asked: Arrived[] = [];
  const { kubelet, cut } = await stage(stack, (request) => {
    asked.push(request);
    watching(request, event('ADDED', pod('a', '5')), ...(asked.length === 1 ? [event('ADDED', pod('b', '6')), bookmark('7')] : []));
  });
  const first = kubelet.ask(watchList);
  await until('the initial events have come', () => framesOf(first.body).length === 3);
  const second = kubelet.ask(watchList);
  await until('half of it has come', () => framesOf(second.body).length === 1);
  await cut();
  await until('it is broken', () => second.end !== undefined);
  assert.notEqual(second.end, 'whole');
  assert.equal(first.end, undefined, 'the one that has all stays open');
  const again = kubelet.ask(watchList);
  await until('it is answered', () => framesOf(again.body).length === 3);
  assert.equal(again.end, undefined);
});

test('what a node says of itself while cut off is told on its own watches of its Node, and shown to it in lists', async () => {
  await using stack = new AsyncDisposableStack();
  const node = (ready: string): object => ({ kind: 'Node', apiVersion: 'v1', metadata: { name: nodeName, uid: 'u1', resourceVersion: '5' }, status: { conditions: [{ type: 'Ready', status: ready }] } });
  const { kubelet, pods, cut } = await stage(stack, (request) => {
    if (request.path.includes('watch=true')) watching(request, event('ADDED', node('True')), bookmark('7', 'Node'));
    else respond(request, 200, node('True'));
  });
  const flannel = bearer(jwt('system:serviceaccount:kube-flannel:flannel'));
  const nodes = `/api/v1/nodes?fieldSelector=metadata.name%3D${nodeName}`;
  await kubelet.get(nodePath(nodeName));
  const open = kubelet.ask(`${nodes}&${initial}`);
  const others = pods.ask(`/api/v1/nodes?${initial}`, flannel);
  await until('both have all', () => framesOf(open.body).length === 2 && framesOf(others.body).length === 2);
  await cut();
  const opened = kubelet.ask(`${nodes}&${initial}`);
  await until('it has all', () => framesOf(opened.body).length === 2);
  const patch = { status: { conditions: [{ type: 'Ready', status: 'False' }] } };
  await kubelet.get(`${nodePath(nodeName)}/status`, { ':method': 'PATCH', 'content-type': 'application/strategic-merge-patch+json' }, json(patch));
  const told = (body: Buffer): string[] => framesOf(body).slice(2).map(({ type, object }) => `${type} ${(object as unknown as { status?: { conditions: { status: string }[] } }).status?.conditions[0]?.status ?? (object.metadata as { resourceVersion?: string }).resourceVersion}`);
  for (const watch of [open, opened]) {
    await until('it is told', () => framesOf(watch.body).length === 4);
    assert.deepEqual(told(watch.body), ['MODIFIED False', 'BOOKMARK 7']);
  }
  assert.deepEqual(told(others.body), []);
  const listed = JSON.parse((await kubelet.get(nodes)).body.toString()) as { items: { status: { conditions: { status: string }[] } }[] };
  assert.deepEqual(listed.items.map(({ status }) => status.conditions[0]!.status), ['False']);
  const again = kubelet.ask(`${nodes}&${initial}`);
  await until('it has all', () => framesOf(again.body).length === 2);
  assert.match(again.body.toString(), /"status":"False"/);
});
