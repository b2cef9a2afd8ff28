import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodIdentity } from '../../harness/probes/identity.ts';
import { movedPods, wrongView, type SiteNode } from './site-identity.ts';

const pod = (name: string, ip: string, uid = `uid of ${name}`): PodIdentity => ({ kind: 'pod', namespace: 'shop', name, uid, node: 'w2', ip });

test('a Pod is the same by its UID, and has moved when its address is another or it is gone', () => {
  const before = [pod('app', '10.244.3.2'), pod('peer', '10.244.3.3')];
  assert.deepEqual(movedPods(before, before.toReversed()), []);
  assert.deepEqual(movedPods(before, [pod('app', '10.244.3.9'), pod('peer', '10.244.3.3', 'another')]), [
    'shop/app on w2 had 10.244.3.2 and has 10.244.3.9',
    'shop/peer on w2 had 10.244.3.3 and does not run',
  ]);
});

test('a neighbour agrees when it has the MAC, and no other, in both of its tables', () => {
  const mac = '0a:00:00:00:00:01';
  const node: SiteNode = { kind: 'node', name: 'w2', vtepMac: mac, address: '172.17.0.3', overlayAddress: '10.244.3.0' };
  assert.equal(wrongView({ peer: 'w3', forwards: [mac], neighbour: mac }, node), undefined);
  assert.equal(wrongView({ peer: 'w3', forwards: [], neighbour: undefined }, node), 'w3 sends frames for no MAC to 172.17.0.3 of w2 and has no MAC for 10.244.3.0');
  for (const view of [{ forwards: [mac, '0a:00:00:00:00:02'], neighbour: mac }, { forwards: [mac], neighbour: '0a:00:00:00:00:02' }, { forwards: [], neighbour: mac }]) {
    assert.match(wrongView({ peer: 'w3', ...view }, node) ?? '', /^w3 sends frames/);
  }
});
