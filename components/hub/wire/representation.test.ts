import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAccept } from './accept.ts';
import { representationOfAnswer, representationsOf } from './representation.ts';

const protobuf = 'application/vnd.kubernetes.protobuf';
const asMetadata = 'as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

test('Accept is read as the API server reads it', () => {
  const types = (header: string | undefined): string[] => parseAccept(header).map(({ type, parameters }) => [type, ...Object.entries(parameters).map(([name, value]) => `${name}=${value}`)].join(';'));
  assert.deepEqual(types(undefined), ['*/*']);
  assert.deepEqual(types(`${protobuf},application/json`), [protobuf, 'application/json']);
  assert.deepEqual(types('application/json;q=0.5, application/yaml , */*;q=0.9'), ['application/yaml', '*/*', 'application/json']);
  assert.deepEqual(types('*/*,application/*,application/json'), ['application/json', 'application/*', '*/*']);
  assert.deepEqual(types('application/json;as=Table;g=meta.k8s.io;v=v1'), ['application/json;as=Table;g=meta.k8s.io;v=v1']);
  assert.deepEqual(types(`${protobuf};stream=watch`), [`${protobuf};stream=watch`]);
  assert.deepEqual(types('json,,application/cbor-seq;q=x, *'), ['*/*', 'application/cbor-seq']);
});

test('what can be kept of what a client accepts, in its order', () => {
  const kept = (header: string | undefined): string[] => representationsOf(parseAccept(header)).map(({ mediaType }) => mediaType);
  assert.deepEqual(kept(`${protobuf},application/json`), [protobuf, 'application/json']);
  assert.deepEqual(kept('application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json'), ['application/json']);
  assert.deepEqual(kept(`${protobuf};${asMetadata},application/json;${asMetadata},application/json`), [`${protobuf};${asMetadata}`, `application/json;${asMetadata}`, 'application/json']);
  assert.deepEqual(kept('application/json;stream=watch'), ['application/json']);
  assert.deepEqual(kept(undefined), ['application/json', protobuf]);
  assert.deepEqual(kept('application/yaml,application/cbor,application/json;q=0'), []);
});

test('the form of an answer is told from its content type and the clause that led to it', () => {
  const form = (contentType: string | undefined, accept: string): string | undefined => representationOfAnswer(contentType, parseAccept(accept))?.mediaType;
  assert.equal(form('application/json', `${protobuf},application/json`), 'application/json');
  assert.equal(form(`${protobuf};stream=watch`, `${protobuf},application/json`), protobuf);
  assert.equal(form('application/json', 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'), undefined);
  assert.equal(form('application/json', `application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json`), `application/json;${asMetadata}`);
  for (const other of ['application/yaml', 'application/cbor', 'application/cbor-seq', 'text/plain', undefined]) assert.equal(form(other, '*/*'), undefined);
});

test('metadata is not taken for objects, nor objects for metadata', () => {
  const [metadata, whole] = representationsOf(parseAccept(`application/json;${asMetadata},application/json`));
  const partial = { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' };
  const pod = { apiVersion: 'v1', kind: 'Pod' };
  assert.deepEqual([metadata!.fits(partial), metadata!.fits(pod), whole!.fits(partial), whole!.fits(pod)], [true, false, false, true]);
});
