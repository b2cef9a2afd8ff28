import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeState } from '../cluster/state.ts';
import type { ApiPod, Identities } from './identities.ts';
import type { NodeLook, SandboxLook, Unread } from './identity-look.ts';
import { sideBySide, type SideBySide } from './identity-picture.ts';

const nodes: NodeState[] = [
  { name: 'n1', tier: 'edge', role: 'worker', site: 'east', address: '172.30.0.4' },
  { name: 'n2', tier: 'edge', role: 'worker', site: 'east', address: '172.30.0.5' },
];
const [mac1, mac2] = ['5a:00:00:00:00:01', '5a:00:00:00:00:02'];
const sandbox: SandboxLook = { namespace: 'ns', name: 'app', uid: 'u1', ready: true, address: '10.244.1.5' };
const pod: ApiPod = { namespace: 'ns', name: 'app', uid: 'u1', node: 'n1', address: '10.244.1.5', phase: 'Running', leaving: false };
const n1: NodeLook = { mac: mac1, forwards: [{ mac: mac2, dst: '172.30.0.5' }], neighbours: [{ mac: mac2, dst: '10.244.2.0' }], sandboxes: [sandbox] };
const n2: NodeLook = { mac: mac2, forwards: [{ mac: mac1, dst: '172.30.0.4' }], neighbours: [{ mac: mac1, dst: '10.244.1.0' }], sandboxes: [] };

const picture = ({ first = n1, second = n2, pods = [pod], api }: { first?: NodeLook | Unread; second?: NodeLook | Unread; pods?: ApiPod[]; api?: Unread } = {}): Identities => ({
  takenAt: '2026-11-28T10:00:00.000Z', tookMs: 200, nodes: new Map([['n1', first], ['n2', second]]),
  api: api ?? { nodes: new Map([['n1', { mac: mac1, podCidr: '10.244.1.0/27' }], ['n2', { mac: mac2, podCidr: '10.244.2.0/27' }]]), pods },
});

const whoIs = (name: string, after: Identities, before = picture()): SideBySide | undefined => sideBySide(nodes, nodes, before, after).find((one) => one.name === name);
/** What is said after, in the order of the facts. */
const afterwards = (name: string, after: Identities, before = picture()) => whoIs(name, after, before)?.facts.map((fact) => fact.after);

test('of a node: its interface, its annotation, and what each peer has for it', () => {
  const node = whoIs('n1', picture({ second: { ...n2, forwards: [{ mac: 'aa:00:00:00:00:00', dst: '172.30.0.4' }, { mac: mac1, dst: '172.30.0.4' }], neighbours: [] } }));
  assert.deepEqual(node, { kind: 'node', name: 'n1', facts: [
    { what: 'MAC of flannel.1', of: 'MAC', before: mac1, after: mac1 },
    { what: 'MAC in its annotation', of: 'MAC', before: mac1, after: mac1 },
    { what: 'MAC in the FDB of n2', of: 'MAC', before: mac1, after: `${mac1}, aa:00:00:00:00:00` },
    { what: 'MAC in the ARP table of n2', of: 'MAC', before: mac1, after: null },
  ] });
});

test('of a Pod: its own interface and its node, beside what the API says', () => {
  assert.deepEqual(whoIs('ns/app', picture({ first: { ...n1, sandboxes: [{ ...sandbox, address: '10.244.1.6' }] } })), { kind: 'pod', name: 'ns/app', on: 'n1', facts: [
    { what: 'address on its interface', of: 'address', before: '10.244.1.5', after: '10.244.1.6' },
    { what: 'address in the API', of: 'address', before: '10.244.1.5', after: '10.244.1.5' },
    { what: 'UID on its node', of: 'UID', before: 'u1', after: 'u1' },
    { what: 'UID in the API', of: 'UID', before: 'u1', after: 'u1' },
    { what: 'phase in the API', before: 'Running', after: 'Running' },
  ] });
});

test('a node that is stopped says nothing of itself, its peers and its Pods, whatever the API believes', () => {
  const stopped = picture({ first: { unread: 'n1 is not running' } });
  const unread = { unread: 'n1 is not running' };
  assert.deepEqual(afterwards('ns/app', stopped), [unread, '10.244.1.5', unread, 'u1', 'Running']);
  assert.deepEqual(afterwards('n1', stopped), [unread, mac1, mac1, mac1]);
  assert.deepEqual(afterwards('n2', stopped), [mac2, mac2, unread, unread]);
});

test('without the API a Pod that is not on its node any more is gone there, and nothing is known of it elsewhere', () => {
  const unread = { unread: 'no answer within 5 s' };
  assert.deepEqual(afterwards('ns/app', picture({ first: { ...n1, sandboxes: [] }, api: unread })), [null, unread, null, unread, unread]);
  assert.deepEqual(afterwards('n1', picture({ api: unread })), [mac1, unread, mac1, { unread: 'the API did not say which address it has' }]);
  assert.deepEqual(afterwards('ns/app', picture({ first: { ...n1, sandboxes: { unread: 'no runtime' } }, api: unread })), [{ unread: 'no runtime' }, unread, { unread: 'no runtime' }, unread, unread]);
});

test('Pods that others are removing are left out; one of before that is being removed is not', () => {
  const leaving = { ...pod, leaving: true };
  assert.equal(whoIs('ns/app', picture(), picture({ pods: [leaving] })), undefined);
  assert.equal(whoIs('ns/app', picture({ pods: [leaving] }), picture({ first: { ...n1, sandboxes: [] }, pods: [] })), undefined);
  assert.equal(afterwards('ns/app', picture({ pods: [leaving] }))?.at(-1), 'Running, to be deleted');
  // The API knows it no more, and its node is not done with it.
  assert.equal(whoIs('ns/app', picture({ pods: [] }), picture({ pods: [] })), undefined);
});

test('a Pod that came is there too; a sandbox that has ended and of which nobody knows is none', () => {
  const came = { ...pod, name: 'new', uid: 'u2' };
  assert.deepEqual(whoIs('ns/new', picture({ pods: [pod, came] }))?.facts.map(({ before, after }) => [before, after]), [[null, null], [null, '10.244.1.5'], [null, null], [null, 'u2'], [null, 'Running']]);
  assert.equal(whoIs('ns/old', picture({ first: { ...n1, sandboxes: [sandbox, { ...sandbox, name: 'old', ready: false, address: null }] } })), undefined);
});

test('a Pod of the same name that runs elsewhere is told where', () => {
  const moved = picture({ first: { ...n1, sandboxes: [{ ...sandbox, ready: false, address: null }] }, second: { ...n2, sandboxes: [{ ...sandbox, uid: 'u9', address: '10.244.2.7' }] }, pods: [{ ...pod, uid: 'u9', node: 'n2', address: '10.244.2.7' }] });
  assert.equal(whoIs('ns/app', moved)?.on, 'n1, then n2');
  assert.deepEqual(afterwards('ns/app', moved), ['10.244.2.7', '10.244.2.7', 'u9', 'u9', 'Running']);
});

test('Pods are told of some nodes only', () => {
  assert.deepEqual(sideBySide(nodes, [nodes[1]!], picture(), picture()).map(({ name }) => name), ['n1', 'n2']);
});
