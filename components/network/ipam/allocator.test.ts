import assert from 'node:assert/strict';
import { test } from 'node:test';
import { end, forget, fullSets, give, heldBy, release, stale, type Given, type Look, type Refusal, type Request } from './allocator.ts';
import { readAddressing, readNetwork } from './protocol/config.ts';
import type { RangeSet } from './ranges.ts';
import { emptyState, type State } from './state.ts';

const sets = (...subnets: string[]): readonly RangeSet[] => readAddressing(readNetwork(JSON.stringify({ cniVersion: '1.0.0', name: 'n', ipam: { ranges: subnets.map((subnet) => [{ subnet }]) } }))).sets;
const node = sets('10.0.0.0/29');
const gone: Look = () => 'gone';
const idle: Look = () => 'idle';
const running: Look = () => 'running';

const pod = (name: string, uid: string, container: string): Request => ({ owner: { pod: { namespace: 'default', name, uid } }, ifname: 'eth0', sandbox: { container, netns: `/run/netns/${container}` } });
const bare = (container: string): Request => ({ owner: { container }, ifname: 'eth0', sandbox: { container, netns: `/run/netns/${container}` } });

function given(answer: Given | Refusal): Given {
  assert.ok(!('refused' in answer), 'refused' in answer ? answer.message : '');
  return answer;
}

function refused(answer: Given | Refusal): Refusal {
  assert.ok('refused' in answer);
  return answer;
}

/** Everybody of the list, one after the other. */
const after = (state: State, ...requests: Request[]): State => requests.reduce((at, request) => given(give(at, node, request, running)).state, state);

test('a Pod keeps its address over sandboxes that were deleted', () => {
  const first = given(give(emptyState, node, pod('a', 'u1', 'c1'), running));
  assert.deepEqual(first.addresses, ['10.0.0.2']);
  const between = after(release(first.state, 'c1', 'eth0'), pod('b', 'u2', 'c2'));
  const second = given(give(between, node, pod('a', 'u1', 'c3'), running));
  assert.deepEqual(second.addresses, ['10.0.0.2']);
  assert.deepEqual(heldBy(second.state, 'c3', 'eth0')?.addresses, ['10.0.0.2']);
  assert.equal(heldBy(second.state, 'c1', 'eth0'), undefined);
});

test('the same ADD again has the same answer', () => {
  const state = after(emptyState, pod('a', 'u1', 'c1'));
  assert.deepEqual(given(give(state, node, pod('a', 'u1', 'c1'), running)).addresses, ['10.0.0.2']);
});

test('a sandbox that vanished without a DEL, as in a power cut, is no obstacle; its late DEL harms nobody', () => {
  const state = given(give(after(emptyState, pod('a', 'u1', 'c1')), node, pod('a', 'u1', 'c2'), gone)).state;
  const late = release(state, 'c1', 'eth0');
  assert.equal(late, state);
  assert.equal(heldBy(late, 'c2', 'eth0')?.sandboxes.length, 1);
});

test('while another sandbox of the Pod runs, no second one gets the address', () => {
  const { refused: kind, message } = refused(give(after(emptyState, pod('a', 'u1', 'c1')), node, pod('a', 'u1', 'c2'), running));
  assert.equal(kind, 'held');
  assert.match(message, /10\.0\.0\.2 of Pod default\/a \(u1\) is in use by its sandbox c1 \(\/run\/netns\/c1\)/);
});

test('a sandbox in which nobody runs must lose it first', () => {
  const { addresses, evict, state } = given(give(after(emptyState, pod('a', 'u1', 'c1')), node, pod('a', 'u1', 'c2'), idle));
  assert.deepEqual([addresses, evict], [['10.0.0.2'], [{ container: 'c1', netns: '/run/netns/c1' }]]);
  assert.deepEqual(heldBy(state, 'c2', 'eth0')?.sandboxes.map(({ container }) => container), ['c2']);
});

test('what replaces a Pod under its name gets its address, once no sandbox of it is there', () => {
  const state = after(emptyState, pod('web-0', 'old', 'c1'), pod('b', 'u2', 'c2'));
  const early = given(give(state, node, pod('web-0', 'new', 'c3'), running));
  assert.deepEqual(early.addresses, ['10.0.0.4']);
  assert.deepEqual(heldBy(early.state, 'c1', 'eth0')?.addresses, ['10.0.0.2']);
  const later = given(give(release(state, 'c1', 'eth0'), node, pod('web-0', 'new', 'c3'), running));
  assert.deepEqual(later.addresses, ['10.0.0.2']);
  assert.equal(later.state.reservations.length, 2);
});

test('it does not inherit what is in another range by now, and the old one is free', () => {
  const state = release(after(emptyState, pod('web-0', 'old', 'c1')), 'c1', 'eth0');
  const { addresses, state: next } = given(give(state, sets('10.9.0.0/29'), pod('web-0', 'new', 'c3'), running));
  assert.deepEqual([addresses, next.reservations.length], [['10.9.0.2'], 1]);
});

test('a Pod of the same name in another namespace is another Pod', () => {
  const state = release(after(emptyState, pod('a', 'u1', 'c1')), 'c1', 'eth0');
  const other: Request = { ...pod('a', 'u9', 'c2'), owner: { pod: { namespace: 'kube-system', name: 'a', uid: 'u9' } } };
  assert.deepEqual(given(give(state, node, other, running)).addresses, ['10.0.0.3']);
});

test('a full range is said to be full, and Pods that have an address still get theirs', () => {
  const state = after(emptyState, ...['a', 'b', 'c', 'd', 'e'].map((name) => pod(name, name, name)));
  const { refused: kind, message } = refused(give(state, node, pod('f', 'f', 'f'), running));
  assert.deepEqual([kind, message], ['full', 'all 5 addresses of 10.0.0.0/29 (10.0.0.1 to 10.0.0.6) are reserved']);
  assert.equal(fullSets(state, node).length, 1);
  assert.deepEqual(given(give(release(state, 'c', 'eth0'), node, pod('c', 'c', 'c2'), running)).addresses, ['10.0.0.4']);
});

test('a bare container\'s ends with its DEL; when the range is full, also without, once it is gone', () => {
  assert.deepEqual(release(after(emptyState, bare('c1')), 'c1', 'eth0').reservations, []);
  const state = after(emptyState, ...['a', 'b', 'c', 'd'].map((name) => pod(name, name, name)), bare('x'));
  assert.equal(refused(give(state, node, pod('f', 'f', 'f'), running)).refused, 'full');
  assert.deepEqual(given(give(state, node, pod('f', 'f', 'f'), gone)).addresses, ['10.0.0.6']);
});

test('what is in none of the ranges any more is refused by name', () => {
  const { refused: kind, message } = refused(give(release(after(emptyState, pod('a', 'u1', 'c1')), 'c1', 'eth0'), sets('10.9.0.0/29'), pod('a', 'u1', 'c2'), gone));
  assert.equal(kind, 'misfit');
  assert.match(message, /^10\.0\.0\.2, which Pod default\/a \(u1\) has, is not in 10\.9\.0\.0\/29 .*delete the Pod/);
});

test('two sets give an address each; a Pod from before the second gets one of it when it is added again', () => {
  const both = sets('10.0.0.0/29', 'fd00::/120');
  assert.deepEqual(given(give(emptyState, both, pod('a', 'u1', 'c1'), running)).addresses, ['10.0.0.2', 'fd00::2']);
  const single = release(after(emptyState, pod('a', 'u1', 'c1')), 'c1', 'eth0');
  assert.deepEqual(given(give(single, both, pod('a', 'u1', 'c2'), running)).addresses, ['10.0.0.2', 'fd00::2']);
});

test('GC ends what is not named and does not run; Pods keep their addresses', () => {
  const state = after(emptyState, pod('a', 'u1', 'c1'), bare('c2'), bare('c3'));
  const over = stale(state, [{ container: 'c3', ifname: 'eth0' }], gone);
  assert.deepEqual(over.map(({ sandbox }) => sandbox.container), ['c1', 'c2']);
  assert.deepEqual(forget(state, over).reservations.map(({ addresses, sandboxes }) => [addresses[0], sandboxes.length]), [['10.0.0.2', 0], ['10.0.0.4', 1]]);
  assert.deepEqual(stale(state, [], running), []);
  assert.equal(forget(state, []), state);
});

test('the end of a Pod ends its reservation, unless a sandbox is there', () => {
  const state = after(emptyState, pod('a', 'u1', 'c1'), pod('b', 'u2', 'c2'), bare('c3'));
  assert.deepEqual(end(state, ({ addresses }) => addresses[0] === '10.0.0.2', gone).reservations.map(({ addresses }) => addresses[0]), ['10.0.0.3']);
  assert.equal(end(state, () => true, running), state);
  assert.equal(end(state, () => true, idle), state);
});
