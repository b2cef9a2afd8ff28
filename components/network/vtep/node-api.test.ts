import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeName } from '../../hub/testing/pki.ts';
import { bookmark, event, initial, respond, stage, watching } from '../../hub/testing/stage.ts';
import { until } from '../../tunnel/testing/until.ts';
import { backendDataKey } from './backend-data.ts';
import { NodeApi } from './node-api.ts';

const node = (resourceVersion: string, text?: string): object => ({ kind: 'Node', apiVersion: 'v1', metadata: { name: nodeName, resourceVersion, annotations: { ...(text !== undefined && { [backendDataKey]: text }), other: resourceVersion } } });

test('behind a hub the Node is told as the kubelet is told of it, and the cloud is asked for it once; cut off, what is known of it is told', async () => {
  await using stack = new AsyncDisposableStack();
  const { world, hub, kubelet, cut } = await stage(stack, (request) => {
    if (request.path.includes('sendInitialEvents')) watching(request, event('ADDED', node('5', 'one')), bookmark('5', 'Node'));
    else respond(request, 500, {});
  });
  const watch = kubelet.ask(`/api/v1/nodes?fieldSelector=metadata.name%3D${nodeName}&${initial}`);
  await until('the kubelet has its Node', () => watch.body.length > 0);
  const follow = (): (string | undefined)[] => {
    const told: (string | undefined)[] = [];
    const abort = new AbortController();
    const api = new NodeApi({ host: '127.0.0.1', port: hub.front.port(), ca: world.pki.path('ca.crt'), nodeCertificate: world.pki.path('node.pem'), nodeName });
    const over = api.follow({ told: ({ text }) => void told.push(text), failed: () => {}, signal: abort.signal });
    stack.defer(async () => {
      abort.abort();
      await over;
    });
    return told;
  };
  const told = follow();
  await until('it is told', () => told.length === 1);
  const { stream } = world.api.arrived.at(-1)!;
  for (const [version, text] of [['6', 'two'], ['7', undefined], ['8', 'three']] as const) {
    stream.write(event('MODIFIED', node(version, text)));
    await until('the change is told', () => told.at(-1) === text);
  }
  assert.deepEqual(world.api.arrived.map(({ path }) => path.includes('sendInitialEvents')), [true]);
  await cut();
  const later = follow();
  await until('it is told cut off', () => later.length === 1);
  assert.deepEqual(later, ['three']);
});
