import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Reservation } from '../state.ts';
import { staticGraceMs, Verdicts } from './verdicts.ts';

const of = (uid: string): Reservation => ({ owner: { pod: { namespace: 'default', name: uid, uid } }, ifname: 'eth0', addresses: ['10.0.0.2'], sandboxes: [], change: 1 });
const knows = (connected: boolean, ...uids: string[]) => ({ complete: true, connected, uids: new Set(uids) });
const [a, b] = [of(randomUUID()), of(randomUUID())];
const uid = ({ owner }: Reservation): string => (owner as { pod: { uid: string } }).pod.uid;
const hash = of('4b2c0d1e5f60718293a4b5c6d7e8f901');

test('who is not in what the API server answers is gone', () => {
  assert.deepEqual(new Verdicts().gone([a, b], [a, b], knows(true, uid(b))), [a]);
});

test('half a list says nothing', () => {
  assert.deepEqual(new Verdicts().gone([a, b], [a, b], { ...knows(true), complete: false }), []);
});

test('cut off, only who was there before is gone: a Pod may be newer than what is remembered', () => {
  const verdicts = new Verdicts();
  assert.deepEqual(verdicts.gone([a, b], [a, b], knows(false, uid(b))), []);
  assert.deepEqual(verdicts.gone([a, b], [a, b], knows(false)), [b]);
});

test('cut off, who a watch has told of and then not is gone, also if somebody else was asked about in between', () => {
  const verdicts = new Verdicts();
  verdicts.saw(new Set([uid(a)]));
  assert.deepEqual(verdicts.gone([a, b], [b], knows(false, uid(b))), []);
  assert.deepEqual(verdicts.gone([a, b], [a, b], knows(false, uid(b))), [a]);
});

test('a static Pod is gone when its mirror has been missing for a while, connected', () => {
  let now = 1000;
  const verdicts = new Verdicts(() => now);
  assert.deepEqual(verdicts.gone([hash], [hash], knows(true)), []);
  now += staticGraceMs - 1;
  assert.deepEqual(verdicts.gone([hash], [hash], knows(true)), []);
  // It was made anew.
  assert.deepEqual(verdicts.gone([hash], [hash], knows(true, uid(hash))), []);
  now += 1;
  assert.deepEqual(verdicts.gone([hash], [hash], knows(true)), []);
  now += staticGraceMs;
  assert.deepEqual(verdicts.gone([hash], [hash], knows(false)), []);
  assert.deepEqual(verdicts.gone([hash], [hash], knows(true)), [hash]);
});
