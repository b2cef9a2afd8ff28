import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Codec } from './codec.ts';
import { UnreadableAnswerError } from './errors.ts';
import { jsonCodec } from './json/index.ts';
import { protobufCodec } from './protobuf/index.ts';
import { compareResourceVersions } from './resource-version.ts';
import { readList, readWatch, split } from './testing/read.ts';
import { vectors } from './testing/vectors.ts';

const codecs: readonly Codec[] = [jsonCodec, protobufCodec];
const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 700 })), { minLength: 1, maxLength: 8 });
const unreadable = (code: string, message?: RegExp) => (error: unknown): boolean => error instanceof UnreadableAnswerError && error.code === code && (message?.test(error.message) ?? true);
const joined = (pieces: Iterable<Buffer>): Buffer => Buffer.concat([...pieces]);

test('lists and objects of a real API server: read, and written as they were', () => {
  for (const { name, codec, list, objects } of vectors) {
    const { head, items } = readList(codec, [list]);
    assert.deepEqual(items.map(({ raw }) => codec.writeObject(head.type, raw)), objects, name);
    for (const [index, body] of objects.entries()) {
      const { type, object } = codec.readObject(body);
      assert.deepEqual({ type, object }, { type: head.type, object: items[index] }, name);
    }
    assert.equal(readList(codec, codec.writeList(head, items.map(({ raw }) => raw))).head.resourceVersion, head.resourceVersion, name);
    // But for remainingItemCount, and for the order of a custom resource's list.
    if (/^endpoint|^metadata/.test(name)) assert.deepEqual(joined(codec.writeList(head, items.map(({ raw }) => raw))), list, name);
  }
});

test('what is told of an object', () => {
  for (const { list, codec } of vectors.slice(0, 2)) {
    const { head, items } = readList(codec, [list]);
    assert.deepEqual(head, { type: { apiVersion: 'v1', kind: 'ConfigMap' }, resourceVersion: '12745', continue: 'eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ' });
    assert.deepEqual(items.map(({ raw: _, ...rest }) => rest), [
      { namespace: 'default', name: 'first', uid: '6f1c4c6e-0000-4000-8000-000000000001', resourceVersion: '12001' },
      { namespace: 'kube-system', name: 'second', uid: '6f1c4c6e-0000-4000-8000-000000000002', resourceVersion: '12745' },
    ]);
  }
});

test('frames of a real API server: read, and written as they were', () => {
  for (const { name, codec, list, added, modified, deleted, bookmark, initialEventsEnd, expired } of vectors) {
    const { head: { type }, items } = readList(codec, [list]);
    const { frames, atBoundary } = readWatch(codec, [Buffer.concat([...added, modified, deleted, bookmark, initialEventsEnd, expired])]);
    const status = { code: 410, reason: 'Expired', message: 'too old resource version: 1 (12746)' };
    assert.deepEqual(frames, [
      ...items.map((object) => ({ type: 'ADDED', of: type, object })),
      { type: 'MODIFIED', of: type, object: items[0] },
      { type: 'DELETED', of: type, object: items[0] },
      { type: 'BOOKMARK', of: type, resourceVersion: '12746', initialEventsEnd: false },
      { type: 'BOOKMARK', of: type, resourceVersion: '12746', initialEventsEnd: true },
      { type: 'ERROR', status },
    ], name);
    assert.equal(atBoundary, true);
    assert.deepEqual(items.map(({ raw }) => codec.writeChange('ADDED', type, raw)), added, name);
    assert.deepEqual(codec.writeChange('MODIFIED', type, items[0]!.raw), modified, name);
    assert.deepEqual(codec.writeChange('DELETED', type, items[0]!.raw), deleted, name);
    assert.deepEqual(codec.writeError(status), expired, name);
    // Other kinds' bookmarks have empty members of their own, and a custom resource's a creation time of null.
    if (!/^endpoint|^widgets/.test(name)) assert.deepEqual([codec.writeBookmark(type, '12746'), codec.writeBookmark(type, '12746', { initialEventsEnd: true })], [bookmark, initialEventsEnd], name);
    const written = readWatch(codec, [codec.writeBookmark(type, '12746'), codec.writeBookmark(type, '12746', { initialEventsEnd: true })]);
    assert.deepEqual(written.frames, frames.slice(-3, -1), name);
  }
});

test('a Status, read and written; what is none is undefined', () => {
  const status = { code: 404, reason: 'NotFound', message: 'endpointslices.discovery.k8s.io "absent" not found', details: { name: 'absent', group: 'discovery.k8s.io', kind: 'endpointslices' } };
  for (const { name, codec, notFound, list } of vectors) {
    assert.deepEqual(codec.readStatus(notFound), status, name);
    assert.deepEqual(codec.writeStatus(status), notFound, name);
    for (const other of [list, Buffer.from('502 Bad Gateway'), Buffer.alloc(0)]) assert.equal(codec.readStatus(other), undefined, name);
    assert.throws(() => codec.readObject(notFound), unreadable('NOT_CACHEABLE'));
    assert.throws(() => codec.readObject(list), unreadable('NOT_CACHEABLE'));
  }
  const later = { code: 503, reason: 'ServiceUnavailable', message: 'cut off ü', details: { retryAfterSeconds: 300 } };
  for (const codec of codecs) assert.deepEqual(codec.readStatus(codec.writeStatus(later)), later);
});

test('lists and streams mean the same however their bytes are cut', () => {
  for (const { codec, list, added, modified, deleted, bookmark, initialEventsEnd, expired } of vectors) {
    const stream = Buffer.concat([...added, modified, bookmark, initialEventsEnd, deleted, expired]);
    const [whole, frames] = [readList(codec, [list]), readWatch(codec, [stream])];
    fc.assert(fc.property(sizes, (chunkSizes) => {
      assert.deepEqual(readList(codec, split(list, chunkSizes)), whole);
      assert.deepEqual(readWatch(codec, split(stream, chunkSizes)), frames);
    }), { numRuns: 40 });
  }
});

test('a list that is cut short is never whole, and a stream says that it ended within a frame', () => {
  for (const { name, codec, list, modified } of vectors) {
    // Behind the last item and the list's end comes only what is empty.
    const leastWhole = codec === jsonCodec ? list.lastIndexOf(0x7d) + 1 : list.length - 4;
    for (let bytes = 0; bytes < leastWhole; bytes += 1) assert.throws(() => readList(codec, [list.subarray(0, bytes)]), unreadable('MALFORMED'), `${name}, ${bytes} bytes`);
    const end = codec === jsonCodec ? modified.length - 1 : modified.length;
    for (let bytes = 1; bytes < end; bytes += 1) assert.deepEqual(readWatch(codec, [modified.subarray(0, bytes)]), { frames: [], atBoundary: false }, `${name}, ${bytes} bytes`);
  }
});

test('any damage is an error of its own class, or an answer that can be read', () => {
  for (const { codec, list, modified, objects } of vectors.slice(0, 4)) {
    fc.assert(fc.property(fc.nat(), fc.nat({ max: 255 }), sizes, (at, byte, chunkSizes) => {
      const damaged = (bytes: Buffer): Buffer => { const copy = Buffer.from(bytes); copy[at % copy.length] = byte; return copy; };
      for (const read of [() => readList(codec, split(damaged(list), chunkSizes)), () => readWatch(codec, split(damaged(modified), chunkSizes)), () => codec.readObject(damaged(objects[0]!)), () => codec.readStatus(damaged(objects[0]!))]) {
        try {
          read();
        } catch (error) {
          if (!(error instanceof UnreadableAnswerError)) throw error;
        }
      }
    }), { numRuns: 150 });
  }
});

const quoted = fc.string({ unit: 'grapheme', maxLength: 12 });
const name = fc.string({ unit: fc.constantFrom(...'abcxyz0189-.'), minLength: 1, maxLength: 20 });
const meta = fc.record({ name, namespace: fc.option(name, { nil: undefined }), uid: name, resourceVersion: fc.nat().map(String), annotations: fc.option(fc.dictionary(quoted, quoted, { maxKeys: 3 }), { nil: undefined }) }, { noNullPrototype: true });
/** As Go writes it, or with other members, white space and numbers that JavaScript cannot hold. */
const item = fc.tuple(meta, fc.json({ maxDepth: 3 }), fc.constantFrom('', ' ', '\n  '), fc.constantFrom('1', '12345678901234567890', '1.10e+3')).map(([metadata, spec, space, number]) => `{${space}"metadata":${space}${JSON.stringify(metadata)},"number":${number},${space}"spec":${spec}${space}}`);

test('JSON items come out as they went in, numbers and order of keys too, in lists, objects and watches', () => {
  const type = { apiVersion: 'example.com/v1', kind: 'Thing' };
  fc.assert(fc.property(fc.array(item, { maxLength: 5 }), sizes, fc.constantFrom('', ' ', '\n'), fc.boolean(), (texts, chunkSizes, space, kindBehind) => {
    const kind = `"kind":${space}"ThingList","apiVersion":"example.com/v1","metadata":{"resourceVersion":"7"}`;
    const items = `"items":${space}[${space}${texts.join(`${space},${space}`)}${space}]`;
    const { head, items: read } = readList(jsonCodec, split(Buffer.from(`{${space}${kindBehind ? `${items},${kind}` : `${kind},${items}`}}${space}`), chunkSizes));
    assert.deepEqual(head, { type, resourceVersion: '7', continue: '' });
    // White space goes only where there is a line break: a watch has one object a line.
    const bare = (text: string): string => (text.includes('\n') ? text.replaceAll(/("(?:\\.|[^"\\])*")|\s+/gs, '$1') : text);
    assert.deepEqual(read.map(({ raw }) => raw.toString()), texts.map(bare));
    const again = readList(jsonCodec, jsonCodec.writeList(head, read.map(({ raw }) => raw)));
    assert.deepEqual(again, { head, items: read });
    const frames = readWatch(jsonCodec, split(joined(read.map(({ raw }) => jsonCodec.writeChange('ADDED', type, raw))), chunkSizes)).frames;
    assert.deepEqual(frames.map((frame) => frame.type === 'ADDED' && frame.object), read);
  }), { numRuns: 150 });
});

test('answers that are not taken apart say so', () => {
  const list = (text: string) => () => readList(jsonCodec, [Buffer.from(text)]);
  const watch = (text: string) => () => readWatch(jsonCodec, [Buffer.from(text)]);
  const named = '{"metadata":{"name":"a"}}';
  assert.throws(list(`{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"1"},"columnDefinitions":[],"rows":[{"cells":["a"],"object":${named}}]}`), unreadable('NOT_CACHEABLE', /a Table/));
  assert.throws(watch(`{"type":"ADDED","object":{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{},"rows":[]}}`), unreadable('NOT_CACHEABLE', /a Table/));
  assert.throws(list(`{"kind":"List","metadata":{},"items":[${named}]}`), unreadable('NOT_CACHEABLE', /no list of one kind/));
  assert.throws(list(`{"kind":"Pod","metadata":{"name":"a"}}`), unreadable('NOT_CACHEABLE', /a Pod, which is no list/));
  assert.throws(list(`{"kind":"PodList","metadata":{"resourceVersion":"1"}}`), unreadable('NOT_CACHEABLE', /without items/));
  assert.throws(list(`{"kind":"PodList","metadata":{},"items":[{"metadata":{}}]}`), unreadable('NOT_CACHEABLE', /without a name/));
  assert.throws(list(`{"kind":"PodList","metadata":{},"items":[${named}],"items":[]}`), unreadable('MALFORMED', /twice/));
  for (const items of [`[null]`, `[${named} ${named}]`, `[${named},]`, `[,${named}]`, '[1]', '[[]]', `[{"metadata":{"name":1}}]`, `[{"a":]}]`]) assert.throws(list(`{"kind":"PodList","metadata":{},"items":${items}}`), unreadable('MALFORMED'), items);
  assert.throws(list('{"kind":"PodList","metadata":{},"items":[]} {}'), unreadable('MALFORMED'));
  assert.throws(watch('{"type":"WEIRD","object":{"kind":"Pod","metadata":{"name":"a"}}}'), unreadable('NOT_CACHEABLE', /WEIRD/));
  assert.throws(watch('[]'), unreadable('MALFORMED'));
  assert.equal(jsonCodec.readObject(Buffer.from('{"kind":"AllowList","apiVersion":"example.com/v1","metadata":{"name":"a"},"items":[]}')).object.name, 'a');
  assert.throws(() => jsonCodec.readObject(Buffer.from('{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[]}')), unreadable('NOT_CACHEABLE', /a PodList instead of an object/));
  assert.deepEqual(list('{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":null}')(), { head: { type: { apiVersion: 'v1', kind: 'Pod' }, resourceVersion: '1', continue: '' }, items: [] });
  assert.throws(() => readWatch(protobufCodec, [Buffer.from('{"type":')]), unreadable('TOO_LARGE'));
  for (const short of ['', 'k8', 'k8s']) assert.throws(() => protobufCodec.readObject(Buffer.from(short)), unreadable('MALFORMED', /k8s/));
  assert.throws(() => readList(protobufCodec, [Buffer.from('{"kind":')]), unreadable('MALFORMED', /k8s/));
});

test('what is larger than the cap is refused before it is whole', () => {
  const maxBytes = 300;
  for (const codec of codecs) {
    const vector = vectors.find((one) => one.codec === codec)!;
    assert.throws(() => readWatch(codec, split(vector.added[0]!, [50]), { maxBytes: 100 }), unreadable('TOO_LARGE', /more than 100 bytes/));
    assert.throws(() => readList(codec, split(vector.list, [50]), { maxBytes: 180 }), unreadable('TOO_LARGE', /an item of more than 180 bytes/));
  }
  const endless = jsonCodec.listReader({ maxBytes });
  assert.throws(() => { for (;;) endless.feed(Buffer.from('{"kind":"PodList"')); }, unreadable('TOO_LARGE'));
});

test('a piece of a large list does not wait for the rest, and keeps no more memory than its own', () => {
  for (const codec of codecs) {
    const { list } = vectors.find((vector) => vector.codec === codec)!;
    const reader = codec.listReader();
    const early = reader.feed(list.subarray(0, list.length * 0.8));
    assert.equal(early.length, 1);
    assert.equal(early[0]!.raw.buffer.byteLength, early[0]!.raw.length);
  }
  const type = { apiVersion: 'v1', kind: 'ConfigMap' };
  const large = Buffer.from(`{"metadata":{"name":"a"},"data":"${'x'.repeat(50_000)}"}`);
  const pieces = [...jsonCodec.writeList({ type, resourceVersion: '1', continue: '' }, Array.from({ length: 10 }, () => large))];
  assert.deepEqual([pieces.length, joined(pieces).length > 500_000], [6, true]);
});

test('resource versions: numbers of any size compare, all else only for equality', () => {
  const sign = (a: string, b: string): number | undefined => { const order = compareResourceVersions(a, b); return order === undefined ? undefined : Math.sign(order); };
  assert.deepEqual([sign('9', '10'), sign('10', '9'), sign('9007199254740993', '9007199254740992'), sign('7', '7'), sign('abc', 'abc'), sign('', '')], [-1, 1, 1, 0, 0, 0]);
  assert.deepEqual([sign('abc', 'abd'), sign('', '1'), sign('0', '1'), sign('01', '1')], [undefined, undefined, undefined, undefined]);
});
