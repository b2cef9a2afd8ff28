import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Docker } from '../docker/docker.ts';
import { asNodeSays, asksNode, lookAtNode } from './identity-look.ts';

const inspected = (name: string, uid: string, { state = 'SANDBOX_READY', createdAt = '2026-11-28T10:00:00.5Z', network = 'POD', pid = 7 } = {}) =>
  ({ status: { metadata: { name, namespace: 'ns', uid }, state, createdAt, linux: { namespaces: { options: { network } } } }, info: { pid } });
const eth0 = (local: string): string => JSON.stringify([{ ifname: 'eth0', addr_info: [{ family: 'inet6', local: 'fe80::1', scope: 'link' }, { family: 'inet', local, scope: 'global' }] }]);

interface Answers {
  readonly sandboxes: string;
  readonly mac?: string;
  readonly fdb?: string;
  readonly neighbours?: string;
  /** By process. */
  readonly addresses?: Readonly<Record<string, string>>;
}

const node = ({ sandboxes, mac = '5A:00:00:00:00:01\n', fdb = '', neighbours = '', addresses = {} }: Answers): Docker => ({
  exec: async (_node: string, argv: readonly string[]) => ({
    code: 0, stderr: '',
    stdout: asksNode(argv) ? asNodeSays(mac, fdb, neighbours, eth0('172.30.0.4'), asksNode(argv) === 'alone' ? '' : sandboxes) : asNodeSays(...argv.slice(4).map((pid) => addresses[pid] ?? '!'), ''),
  }),
}) as unknown as Docker;

const sandboxesOf = async (answers: Answers) => {
  const look = await lookAtNode(node(answers), 'n1');
  assert.ok(!('unread' in look));
  return look.sandboxes;
};

test('a node says who it is, whom it knows, and each Pod\'s address as its own interface has it', async () => {
  const look = await lookAtNode(node({
    sandboxes: JSON.stringify([inspected('app', 'u1', { pid: 7 }), inspected('agent', 'u2', { network: 'NODE', pid: 8 }), inspected('other', 'u3', { pid: 9 })]),
    fdb: JSON.stringify([{ mac: '33:33:00:00:00:01' }, { mac: '5A:00:00:00:00:02', dst: '172.30.0.5' }]),
    neighbours: JSON.stringify([{ dst: '10.244.2.0', lladdr: '5A:00:00:00:00:02' }, { dst: '10.244.3.0' }]),
    addresses: { 7: eth0('10.244.1.5'), 9: eth0('10.244.1.6') },
  }), 'n1');
  assert.deepEqual(look, {
    mac: '5a:00:00:00:00:01', forwards: [{ mac: '5a:00:00:00:00:02', dst: '172.30.0.5' }], neighbours: [{ dst: '10.244.2.0', mac: '5a:00:00:00:00:02' }],
    sandboxes: [
      { namespace: 'ns', name: 'app', uid: 'u1', ready: true, address: '10.244.1.5' },
      { namespace: 'ns', name: 'agent', uid: 'u2', ready: true, address: '172.30.0.4' },
      { namespace: 'ns', name: 'other', uid: 'u3', ready: true, address: '10.244.1.6' },
    ],
  });
});

test('of several sandboxes the last counts; one alone comes without a list; one that has ended has no address', async () => {
  assert.deepEqual(await sandboxesOf({ sandboxes: JSON.stringify([inspected('app', 'new', { createdAt: '2026-11-28T10:00:00.55Z' }), inspected('app', 'old', { createdAt: '2026-11-28T10:00:00.5Z', state: 'SANDBOX_NOTREADY', pid: 0 })]), addresses: { 7: eth0('10.244.1.5') } }),
    [{ namespace: 'ns', name: 'app', uid: 'new', ready: true, address: '10.244.1.5' }]);
  assert.deepEqual(await sandboxesOf({ sandboxes: JSON.stringify(inspected('app', 'u1', { state: 'SANDBOX_NOTREADY', pid: 0 })) }), [{ namespace: 'ns', name: 'app', uid: 'u1', ready: false, address: null }]);
});

test('what is not there is nothing: no interface, no sandbox, which crictl answers by telling how it is used', async () => {
  assert.deepEqual(await lookAtNode(node({ sandboxes: 'NAME:\n   crictl inspectp - Display the status', mac: '' }), 'n1'), { mac: null, forwards: [], neighbours: [], sandboxes: [] });
  assert.deepEqual(await sandboxesOf({ sandboxes: JSON.stringify([inspected('app', 'u1')]), addresses: { 7: '[]' } }), [{ namespace: 'ns', name: 'app', uid: 'u1', ready: true, address: null }]);
});

test('without its Pods it is asked for none', async () => {
  const look = await lookAtNode(node({ sandboxes: JSON.stringify([inspected('app', 'u1')]) }), 'n1', { withPods: false });
  assert.deepEqual(look, { mac: '5a:00:00:00:00:01', forwards: [], neighbours: [], sandboxes: [] });
});

test('what cannot be read is told as such: a network namespace, a container runtime, a node', async () => {
  assert.deepEqual(await sandboxesOf({ sandboxes: JSON.stringify([inspected('app', 'u1')]) }), [{ namespace: 'ns', name: 'app', uid: 'u1', ready: true, address: { unread: 'its network namespace could not be entered' } }]);
  assert.deepEqual(await sandboxesOf({ sandboxes: '!' }), { unread: 'the container runtime of n1 does not answer' });
  const stopped = { exec: async () => ({ code: 1, stdout: '', stderr: 'Error response from daemon: Container 5f1 is not running\n' }) } as unknown as Docker;
  assert.deepEqual(await lookAtNode(stopped, 'n1'), { unread: 'Error response from daemon: Container 5f1 is not running' });
  const hangs = { exec: async () => { throw new Error('docker exec n1: still running after 5 s\nmore'); } } as unknown as Docker;
  assert.deepEqual(await lookAtNode(hangs, 'n1'), { unread: 'docker exec n1: still running after 5 s' });
});
