import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubePod } from '../../harness/kube/objects.ts';
import { asNodeSays } from '../../harness/probes/pods-on-node.ts';
import { agentOn, containersOf, nodeOf } from './tunnel-parts.ts';
import type { EdgeWorld } from './world.ts';

const pod = (nodeName?: string): KubePod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'server-1', namespace: 'edge-tunnel' }, spec: { containers: [], ...(nodeName !== undefined && { nodeName }) }, status: {} });

test('of a Pod that waits for a node it is said that it has none', () => {
  assert.equal(nodeOf(pod('dev-worker')), 'dev-worker');
  for (const waiting of [pod(), pod('')]) assert.throws(() => nodeOf(waiting), { name: 'CannotTellError', code: 'POD_NOT_PLACED', message: /^Pod edge-tunnel\/server-1 has no node/ });
});

test('a server that is being removed is none of those that must stay, and an agent of a site that another scenario breaks is not looked for', async () => {
  const one = (name: string, leaving: boolean, node = 'cloud'): KubePod => ({ ...pod(node), metadata: { name, namespace: 'edge-tunnel', uid: name, ...(leaving && { deletionTimestamp: '2026-11-28T04:15:00Z' }) } });
  const on = (name: string): object => ({ id: `box ${name}`, metadata: { name, uid: name, namespace: 'edge-tunnel' }, state: 'SANDBOX_READY', createdAt: '1' });
  const container = (name: string): object => ({ id: `id of ${name}`, podSandboxId: `box ${name}`, metadata: { name: 'server' }, state: 'CONTAINER_RUNNING', createdAt: '1' });
  const world = {
    cluster: { nodes: [{ name: 'cloud' }], tunnel: { namespace: 'edge-tunnel', server: 'server', agent: 'agent' } },
    kube: { get: async (_: string, kind: string) => ({ spec: { selector: { matchLabels: { app: kind } } } }), list: async (_version: string, _kind: string, { labelSelector }: { labelSelector: string }) => (labelSelector === 'app=Deployment' ? [one('old', true), one('new', false)] : [one('agent', false, 'edge elsewhere')]) },
    docker: { exec: async () => ({ stdout: asNodeSays({ items: [on('old'), on('new')] }, { containers: [container('old'), container('new')] }) }) },
    signal: AbortSignal.timeout(5000),
  } as unknown as EdgeWorld;
  assert.deepEqual([...await containersOf(world, 'staying')], [['server of new on cloud', 'id of new']]);
  assert.deepEqual([...(await containersOf(world, 'all')).keys()], ['server of old on cloud', 'server of new on cloud']);
});

test('an agent that is to be killed is one of that node: of another site there may be one that is Ready', async () => {
  const agent = (name: string, status: 'True' | 'False'): KubePod => ({ ...pod(name), status: { conditions: [{ type: 'Ready', status }] } });
  const world = {
    cluster: { tunnel: { namespace: 'edge-tunnel', server: 'server', agent: 'agent' } },
    kube: { get: async () => ({ spec: { selector: { matchLabels: { app: 'agent' } } } }), list: async () => [agent('east', 'True'), agent('west', 'False')] },
    signal: AbortSignal.timeout(5000),
  } as unknown as EdgeWorld;
  assert.equal((await agentOn(world, 'east')).spec.nodeName, 'east');
  await assert.rejects(agentOn(world, 'west'), { code: 'TUNNEL_UNKNOWN', message: 'no tunnel agent is Ready on west' });
});
