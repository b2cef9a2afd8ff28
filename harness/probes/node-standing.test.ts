import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readStanding, whatStandsOut, type StandingOrNot } from './node-standing.ts';

const since = Date.parse('2026-11-28T16:42:42Z');
const changed = Math.floor(since / 1000) - 8;
interface Said { cni?: string; down?: string; disk?: string; route?: string; overlay?: string; sandboxes?: object; containers?: object }
const answer = ({ cni = '05-edge.conflist\n10-flannel.conflist\nREADME\n', down = '', disk = ' 61%', route = 'default via 172.17.0.1 dev eth0', overlay = '7: flannel.1: <UP>', sandboxes = {}, containers = {} }: Said): string =>
  [cni, String(changed), down, disk, route, overlay, JSON.stringify(sandboxes), JSON.stringify(containers)].join('\u001e');
const standing = (node: string, said: Said = {}): StandingOrNot => readStanding(node, 'edge', answer(said));
const out = (all: readonly StandingOrNot[], about = ['dev-worker4'], isForeign?: (namespace: string) => boolean): string[] => whatStandsOut(all, { about: new Set(about), since, ...(isForeign && { isForeign }) });

test('nodes on which all is well have nothing that stands out', () => {
  assert.deepEqual(out([standing('dev-worker4'), standing('dev-worker2')]), []);
});

test('a CNI configuration that the others have and one lacks is told, with what takes its place and when the folder changed', () => {
  assert.deepEqual(out([standing('dev-worker4', { cni: '10-flannel.conflist\n' }), standing('dev-worker2'), standing('dev-worker3')]), [
    'dev-worker4 lacks /etc/cni/net.d/05-edge.conflist, which dev-worker2 and dev-worker3 have: Pods made here now are given their network otherwise than there. It would be the first there, the one that the runtime takes; now that is 10-flannel.conflist. (The folder last changed at 16:42:34 UTC, 8 s before the scenario began.)',
  ]);
  assert.match(out([standing('dev-worker4', { cni: '' })]).join(), /^dev-worker4 has no CNI configuration in \/etc\/cni\/net\.d, so it can make no sandbox/);
  // Of a node that nobody asked about, only those speak that stand there.
  assert.deepEqual(out([standing('dev-worker4'), standing('dev-worker44', { cni: '' })]), []);
});

test('services, routes, the overlay, the disk and Pods that are down are told', () => {
  const sandboxes = { items: [{ id: 's1', metadata: { name: 'app', uid: 'u1', namespace: 'ns' }, state: 'SANDBOX_READY', createdAt: '1' }, { id: 's2', metadata: { name: 'gone', uid: 'u2', namespace: 'kube-system' }, state: 'SANDBOX_NOTREADY', createdAt: '1' }] };
  const containers = { containers: [{ id: 'c1', podSandboxId: 's1', metadata: { name: 'echo', attempt: 3 }, state: 'CONTAINER_EXITED', createdAt: '1' }] };
  const node = standing('dev-worker4', { down: 'kubelet.service is failed\n', disk: ' 93%', route: '', overlay: '', sandboxes, containers });
  assert.deepEqual(out([node]), [
    'On dev-worker4, kubelet.service is failed.', 'dev-worker4 has no flannel.1: its Pods reach no other node.', 'dev-worker4 has no default route.', 'The disk of dev-worker4 is full to 93 %.',
    'On dev-worker4, ns/app: sandbox ready, echo is down (attempt 3).',
  ]);
  assert.equal(out([node], ['dev-worker4'], (namespace) => namespace === 'ns').some((one) => one.includes('ns/app')), false);
});

test('a node that does not answer says so', () => {
  assert.deepEqual(out([{ node: 'dev-worker4', tier: 'edge', unread: 'it is off' }]), ['dev-worker4 does not answer: it is off']);
  assert.match(JSON.stringify(readStanding('dev-worker4', 'edge', 'half an answer')), /1 parts of 8/);
});
