import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { address, EdgeNode, peer, told } from './testing/edge-node.ts';
import { deviceName } from './index.ts';

const other = '02:00:00:00:00:aa';
/** Long enough for a keeper to have done what it must not do: it takes some 20 ms. */
const aWhileMs = 300;

/** What flannel has written is whole: nothing missing, nothing more. */
async function reaches(node: EdgeNode): Promise<boolean> {
  const { gateways, neighbours, forwards } = await node.network.tables(deviceName);
  const peers = [peer(2), peer(3)];
  const same = (have: readonly object[], want: readonly object[]): boolean => JSON.stringify([...have].map((one) => JSON.stringify(one)).sort()) === JSON.stringify(want.map((one) => JSON.stringify(one)).sort());
  return same(neighbours, peers.map(({ gateway, mac }) => ({ gateway, mac }))) && same(forwards, peers.map(({ mac, address: to }) => ({ mac, address: to }))) && gateways.length === 2;
}

const reachesBoth = async (node: EdgeNode): Promise<void> => await node.becomes('all entries for both peers', async () => await reaches(node));

test('a node that had another MAC: peers are told first, then the device has the new one, and it still reaches them', async () => {
  await using node = await EdgeNode.make();
  await node.flannelStarts({ mac: other });
  for (const n of [2, 3]) await node.flannelAdds(peer(n));
  node.startKeeper();
  await node.hasMac();
  assert.equal(node.annotation, told(node.mac));
  assert.deepEqual(node.api.patches, [{ by: 'system:node:edge-1', path: '/api/v1/nodes/edge-1', body: JSON.stringify({ metadata: { annotations: { 'flannel.alpha.coreos.com/backend-data': told(node.mac) } } }) }]);
  await reachesBoth(node);
});

test('cut off, such a node keeps the MAC that its neighbours know, until they can be told', async () => {
  await using node = await EdgeNode.make();
  await node.flannelStarts({ mac: other });
  node.api.readOnly = true;
  const keeper = node.startKeeper();
  await node.becomes('it waits', () => keeper.notReady === 'peers are to be told first');
  await sleep(aWhileMs);
  assert.equal((await node.device())?.mac, other);
  node.api.readOnly = false;
  await node.hasMac();
  await node.becomes('it is ready', () => keeper.notReady === undefined);
});

test('a new node tells of its MAC before flannel comes, which takes it from there', async () => {
  await using node = await EdgeNode.make();
  node.startKeeper();
  await node.saysMac();
});

test('a MAC that somebody else gave the device is taken back, and all neighbour entries that went with it are there again', async (t) => {
  await using node = await EdgeNode.bound();
  const began = performance.now();
  await node.ip('link', 'set', 'dev', deviceName, 'address', other);
  await node.hasMac();
  await reachesBoth(node);
  t.diagnostic(`${Math.round(performance.now() - began)} ms`);
  assert.equal(await node.corrections('mac'), 1);
});

test('so it is when nothing is heard of the API', async () => {
  await using node = await EdgeNode.bound();
  await node.stopKeeper();
  node.api.away = true;
  await node.ip('link', 'set', 'dev', deviceName, 'address', other);
  node.startKeeper();
  await node.hasMac();
  await reachesBoth(node);
});

for (const [what, text] of [['lost', undefined], ['changed', told(other)], ['the same to a reader of JSON, but not to flannel', `{"VtepMAC": "MAC", "VNI": 1}`]] as const) {
  test(`an annotation that is ${what} is written again, to the letter, and nothing else of the Node`, async (t) => {
    await using node = await EdgeNode.bound();
    const began = performance.now();
    node.annotate(text?.replace('MAC', node.mac));
    await node.saysMac();
    t.diagnostic(`${Math.round(performance.now() - began)} ms`);
    assert.equal(node.api.annotation(node.name, 'flannel.alpha.coreos.com/backend-type'), 'vxlan');
    assert.equal((await node.device())?.mac, node.mac);
  });
}

test('an annotation that was lost during a cut is written when it is over', async () => {
  await using node = await EdgeNode.bound();
  node.api.away = true;
  node.api.cut();
  node.annotate(undefined);
  await sleep(aWhileMs);
  assert.equal(node.annotation, undefined);
  node.api.away = false;
  await node.saysMac();
});

test('at boot, with no API, the device is made as flannel had made it: it takes it as its own', async () => {
  await using node = await EdgeNode.bound();
  const before = await node.device();
  await node.stopKeeper();
  node.api.away = true;
  await node.boots();
  node.startKeeper();
  await node.hasMac();
  assert.deepEqual(await node.device(), before);
});

test('at boot with an annotation that was lost, flannel finds the device and tells of its MAC', async () => {
  await using node = await EdgeNode.bound();
  await node.stopKeeper();
  await node.boots();
  node.annotate(undefined);
  node.api.readOnly = true;
  node.startKeeper();
  await node.hasMac();
  await node.flannelStarts({ mac: other });
  assert.equal(node.annotation, told(node.mac));
});

test('at boot before its uplink is there, the device is made when that comes', async () => {
  await using node = await EdgeNode.bound();
  await node.stopKeeper();
  await node.boots();
  await node.ip('address', 'del', `${address}/24`, 'dev', 'eth0');
  node.startKeeper();
  await sleep(aWhileMs);
  assert.equal(await node.device(), undefined);
  await node.ip('address', 'add', `${address}/24`, 'dev', 'eth0');
  await node.hasMac();
});

for (const [what, content] of [['damaged', '{"version":1,"node":"edge-1","bou'], ['empty', ''], ['of another version', '{"version":2}'], ['that of another node', undefined]] as const) {
  test(`a state that is ${what} changes nothing: flannel makes the device, and its MAC is set right`, async () => {
    await using node = await EdgeNode.bound();
    await node.stopKeeper();
    await writeFile(node.stateFile, content ?? (await readFile(node.stateFile, 'utf8')).replace('"edge-1"', '"edge-2"'));
    await node.boots();
    node.api.readOnly = true;
    node.startKeeper();
    await sleep(aWhileMs);
    assert.equal(await node.device(), undefined);
    await node.ip('link', 'add', 'name', deviceName, 'address', other, 'type', 'vxlan', 'id', '1', 'dstport', '8472', 'local', address, 'dev', 'eth0', 'nolearning');
    await node.hasMac();
    assert.equal(node.logged.filter(({ msg }) => msg === 'the state is of no use, and another is begun').length, 1);
    await node.becomes('the state is written', async () => (JSON.parse(await readFile(node.stateFile, 'utf8')) as { bound: boolean; node: string }).bound);
  });
}

test('a device that flannel makes anew, of other attributes, is not made by the keeper meanwhile; next time it is made as flannel has it', async () => {
  await using node = await EdgeNode.bound({ vanishedMs: 60_000, afterErrorMs: 20 });
  await node.ip('link', 'del', 'dev', deviceName);
  await sleep(aWhileMs);
  assert.equal(await node.device(), undefined);
  await node.flannelStarts({ mac: other, port: 4789 });
  await node.hasMac();
  await node.saysMac();
  await node.becomes('it is remembered', async () => (await readFile(node.stateFile, 'utf8')).includes('"port":4789'));
  await node.stopKeeper();
  await node.boots();
  node.startKeeper();
  await node.hasMac();
  assert.equal((await node.device())?.attributes?.port, 4789);
});

test('a device that is gone, and that nobody makes, is made', async () => {
  await using node = await EdgeNode.bound({ vanishedMs: 100 });
  await node.ip('link', 'del', 'dev', deviceName);
  await node.hasMac();
});

test('with whoever changes the MAC each time nobody fights for ever, and it is said', async () => {
  await using node = await EdgeNode.bound({ correctTimes: 3, correctWithinMs: 600_000 });
  for (let time = 0; time < 3; time += 1) {
    await node.ip('link', 'set', 'dev', deviceName, 'address', other);
    await node.hasMac();
  }
  await node.ip('link', 'set', 'dev', deviceName, 'address', other);
  await sleep(aWhileMs);
  assert.equal((await node.device())?.mac, other);
  assert.equal(node.logged.filter(({ level, msg }) => level === 50 && msg.includes('find out who')).length, 1);
});

test('where a peer was sent to by an earlier MAC is forgotten; what flannel has written stays', async () => {
  await using node = await EdgeNode.bound({ staleForMs: 200 });
  await node.flannelAdds({ ...peer(2), mac: other });
  await node.flannelAdds(peer(2));
  await node.becomes('the old entry gone', async () => (await node.corrections('forward')) === 1);
  await reachesBoth(node);
});

test('a neighbour entry that somebody removed is written again, one that flannel removes with all the rest is not', async () => {
  await using node = await EdgeNode.bound({ lostForMs: 200 });
  await node.ip('neigh', 'del', peer(2).gateway, 'dev', deviceName);
  await node.becomes('the entry is there again', async () => await reaches(node));
  await node.ip('neigh', 'del', peer(3).gateway, 'dev', deviceName);
  await node.network.removeForward(deviceName, peer(3));
  await node.ip('route', 'del', `${peer(3).gateway}/24`, 'dev', deviceName);
  await sleep(aWhileMs + 200);
  assert.equal((await node.network.tables(deviceName)).neighbours.length, 1);
});

test('a peer that gets another MAC just while this one does is reached by its new one', async () => {
  await using node = await EdgeNode.bound({ overtakenWithinMs: 60_000 });
  // What flannel writes of it first goes with the old MAC of the device; the keeper's own entry is from before.
  await node.ip('link', 'set', 'dev', deviceName, 'address', other);
  await node.becomes('the keeper has written', async () => (await node.corrections('mac')) === 1);
  const moved = { ...peer(2), mac: '02:00:00:00:00:bb' };
  await node.appendForward(moved);
  await node.ip('route', 'replace', `${moved.gateway}/24`, 'via', moved.gateway, 'dev', deviceName, 'onlink');
  await node.becomes('the new MAC', async () => (await node.network.tables(deviceName)).neighbours.some(({ gateway, mac }) => gateway === moved.gateway && mac === moved.mac));
});

test('another node of the same MAC is told of', async () => {
  await using node = await EdgeNode.bound();
  await node.flannelAdds({ gateway: '10.244.4.0', mac: node.mac, address: '10.9.0.4' });
  await node.becomes('it is said', () => node.logged.some(({ level, msg }) => level === 50 && msg.includes('rename one of the two')));
});
