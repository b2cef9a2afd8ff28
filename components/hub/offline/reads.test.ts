import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Arrived } from '../testing/api-server.ts';
import { pod, respond, stage } from '../testing/stage.ts';
import { jsonCodec, protobufCodec, type Codec } from '../wire/index.ts';
import { bytesField, textField } from '../wire/protobuf/fields.ts';

const path = '/api/v1/namespaces/default/pods';
const podType = { apiVersion: 'v1', kind: 'Pod' };
const both = [jsonCodec, protobufCodec].map(({ contentType }) => contentType);

function raw(codec: Codec, name: string, resourceVersion: string): Buffer {
  if (codec === jsonCodec) return Buffer.from(JSON.stringify(pod(name, resourceVersion)));
  return bytesField(1, Buffer.concat([textField(1, name), textField(3, 'default'), textField(5, 'u'), textField(6, resourceVersion)]));
}

for (const [older, newer] of [[jsonCodec, protobufCodec], [protobufCodec, jsonCodec]] as const) {
  test(`what was given in ${newer.contentType} after ${older.contentType} is what there is for whoever takes either`, async () => {
    await using stack = new AsyncDisposableStack();
    const answer = (request: Arrived): void => {
      const codec = request.headers['accept'] === newer.contentType ? newer : older;
      const [resourceVersion, item] = codec === newer ? ['9', raw(codec, 'new', '7')] : ['5', raw(codec, 'gone', '3')];
      respond(request, 200, Buffer.concat([...codec.writeList({ type: podType, resourceVersion, continue: '' }, [item])]), codec.contentType);
    };
    const { kubelet, cut } = await stage(stack, answer);
    for (const codec of [older, newer]) await kubelet.get(path, { accept: codec.contentType });
    await cut();
    for (const accept of [both.join(','), both.toReversed().join(',')]) {
      const list = await kubelet.get(path, { accept });
      const reader = newer.listReader();
      assert.equal(list.headers['content-type'], newer.contentType);
      assert.deepEqual([reader.feed(list.body).map(({ name }) => name), reader.end().resourceVersion], [['new'], '9']);
      assert.deepEqual([(await kubelet.get(`${path}/gone`, { accept })).status, (await kubelet.get(`${path}/new`, { accept })).status], [404, 200]);
    }
    const alone = await kubelet.get(path, { accept: older.contentType });
    assert.equal(older.listReader().feed(alone.body)[0]?.name, 'gone', 'who takes only what is older is given that');
  });
}

test('whoever asks for metadata first is not given whole objects because they are newer', async () => {
  await using stack = new AsyncDisposableStack();
  const metadata = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
  const { kubelet, cut } = await stage(stack, (request) => {
    const [type, resourceVersion] = request.headers['accept'] === metadata ? [{ apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' }, '5'] : [podType, '9'];
    respond(request, 200, Buffer.concat([...jsonCodec.writeList({ type, resourceVersion, continue: '' }, [])]));
  });
  for (const accept of [metadata, 'application/json']) await kubelet.get(path, { accept });
  await cut();
  const { body } = await kubelet.get(path, { accept: `${metadata},application/json` });
  assert.equal((JSON.parse(body.toString()) as { kind: string }).kind, 'PartialObjectMetadataList');
});
