import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findPeers, Lasting, type Peer, type Tables } from './peers.ts';

const peer = (n: number, mac = `02:00:00:00:00:0${n}`): Peer => ({ gateway: `10.244.${n}.0`, mac, address: `10.9.0.${n}` });
const tables = (peers: readonly Peer[]): Tables => ({
  gateways: peers.map(({ gateway }) => gateway),
  neighbours: peers.map(({ gateway, mac }) => ({ gateway, mac })),
  forwards: peers.map(({ mac, address }) => ({ mac, address })),
});

test('what flannel has written is found, and nothing is to be done', () => {
  assert.deepEqual(findPeers(tables([peer(2), peer(3)]), []), { peers: [peer(2), peer(3)], lost: [], overtaken: [], unresolved: [], stale: [] });
});

test('after a change of the MAC all neighbours are lost, and remembered', () => {
  const found = findPeers({ ...tables([peer(2), peer(3)]), neighbours: [] }, [peer(2), peer(3)]);
  assert.deepEqual(found, { peers: [peer(2), peer(3)], lost: [peer(2), peer(3)], overtaken: [], unresolved: [], stale: [] });
});

test('what is remembered of a peer that has another MAC now does not hold', () => {
  const found = findPeers({ ...tables([peer(2, '02:00:00:00:00:aa')]), neighbours: [] }, [peer(2)]);
  assert.deepEqual(found, { peers: [], lost: [], overtaken: [], unresolved: ['10.244.2.0'], stale: [] });
});

test('where a peer was sent to by an earlier MAC is stale', () => {
  const now = tables([peer(2), peer(3)]);
  const old = { mac: '02:00:00:00:00:aa', address: '10.9.0.2' };
  assert.deepEqual(findPeers({ ...now, forwards: [old, ...now.forwards] }, []).stale, [old]);
});

test('a forward that is new, and of another MAC than the neighbour, is the later word', () => {
  const before = tables([peer(2), peer(3)]);
  const later = { mac: '02:00:00:00:00:aa', address: '10.9.0.2' };
  const now = { ...before, forwards: [...before.forwards, later] };
  const right = peer(2, later.mac);
  assert.deepEqual(findPeers(now, [peer(2), peer(3)], before.forwards), { peers: [right, peer(3)], lost: [], overtaken: [right], unresolved: [], stale: [] });
  assert.deepEqual(findPeers({ ...now, neighbours: [] }, [peer(2), peer(3)], before.forwards).lost, [right, peer(3)]);
  // As flannel leaves it by itself, and as it is at a first look.
  const whole = { ...now, neighbours: [{ gateway: right.gateway, mac: right.mac }, before.neighbours[1]!] };
  assert.deepEqual(findPeers(whole, [], before.forwards).overtaken, []);
  assert.deepEqual(findPeers(now, []).overtaken, []);
});

test('a peer that is gone is not remembered', () => {
  assert.deepEqual(findPeers(tables([peer(3)]), [peer(2), peer(3)]).peers, [peer(3)]);
});

test('whatever was lost, what is done about it is what flannel had written', () => {
  const some = fc.uniqueArray(fc.integer({ min: 2, max: 9 }), { minLength: 1 });
  fc.assert(fc.property(some, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), (numbers, gone) => {
    const peers = numbers.map((n) => peer(n));
    const whole = tables(peers);
    const damaged = { ...whole, neighbours: whole.neighbours.filter((_, index) => !gone[index]) };
    const { lost, stale, peers: remembered } = findPeers(damaged, peers);
    assert.deepEqual(stale, []);
    const healed = { ...damaged, neighbours: [...damaged.neighbours, ...lost] };
    assert.deepEqual(findPeers(healed, remembered).lost, []);
    assert.equal(healed.neighbours.length, whole.neighbours.length);
  }));
});

test('only what was seen for long enough, without a break, lasts', () => {
  const lasting = new Lasting<string>(1000);
  assert.deepEqual(lasting.of(['a', 'b'], 0), []);
  assert.equal(lasting.dueIn(400), 600);
  assert.deepEqual(lasting.of(['a'], 500), []);
  assert.deepEqual(lasting.of(['a', 'b'], 1000), ['a']);
  assert.deepEqual(lasting.of([], 1500), []);
  assert.equal(lasting.dueIn(1500), undefined);
});
