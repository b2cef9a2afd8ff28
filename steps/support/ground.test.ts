import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCarriers } from './carriers.ts';
import { admit, mayStartBeside, mayBreak, sitesFor, wantedBy, type Wanted } from './ground.ts';
import plugin from './order-by-ground.ts';
import { replacePod } from './tunnel-parts.ts';
import type { EdgeWorld } from './world.ts';

const node = (name: string, site: string) => ({ name, site, tier: 'edge', role: 'worker', address: '10.0.0.1' }) as const;
const east = { name: 'east', nodes: [node('e1', 'east'), node('e2', 'east')] };
const west = { name: 'west', nodes: [node('w1', 'west')] };
const sites = [east, west];

const everything: Wanted = { ground: 'everything', neighbour: false };
const namespace: Wanted = { ground: 'namespace', neighbour: false };
const oneSite: Wanted = { ground: 'one-site', neighbour: false };
const twoNodes: Wanted = { ground: 'one-site', neighbour: true };

test('a scenario of the tunnel runs side by side on plain Kubernetes, where it ends before it breaks anything', () => {
  assert.equal(wantedBy(['@tunnel', '@tunnel-ghost', '@stock:EXEC_UNREACHABLE'], true).ground, 'namespace');
  assert.equal(wantedBy(['@tunnel', '@tunnel-ghost', '@stock:EXEC_UNREACHABLE'], false).ground, 'everything');
  assert.equal(wantedBy(['@tunnel', '@tunnel-cloud-egress', '@baseline'], true).ground, 'everything');
  assert.equal(wantedBy(['@lifecycle', '@baseline', '@side-by-side'], false).ground, 'namespace');
});

test('a scenario that breaks nothing outside of one site wants a site, on plain Kubernetes too', () => {
  for (const control of [true, false]) {
    assert.deepEqual(wantedBy(['@autonomy', '@autonomy-power-cut', '@stock:POD_NOT_RUNNING', '@one-site'], control), oneSite);
    assert.deepEqual(wantedBy(['@identity', '@needs-neighbour', '@baseline', '@one-site'], control), twoNodes);
    assert.equal(wantedBy(['@autonomy', '@autonomy-no-eviction', '@stock:POD_EVICTED'], control).ground, 'everything');
  }
});

test('one that needs no neighbour leaves the site that has one to others, as long as there is another', () => {
  assert.deepEqual(sitesFor(oneSite, sites), [west, east]);
  assert.deepEqual(sitesFor(twoNodes, sites), [east]);
});

test('as many run on sites of their own as there are sites, of those with a neighbour as there are such sites', () => {
  assert.equal(mayStartBeside(oneSite, [oneSite], sites), true);
  assert.equal(mayStartBeside(twoNodes, [oneSite], sites), true);
  assert.equal(mayStartBeside(oneSite, [twoNodes], sites), true);
  assert.equal(mayStartBeside(twoNodes, [twoNodes], sites), false);
  assert.equal(mayStartBeside(oneSite, [twoNodes, oneSite], sites), false);
  assert.equal(mayStartBeside(oneSite, [oneSite], [east]), false);
  assert.equal(mayStartBeside(twoNodes, [], [west]), true, 'it is skipped there');
});

test('who breaks nothing starts beside its kind only, who stands on a site beside them too, who wants everything beside nobody', () => {
  assert.equal(mayStartBeside(namespace, [namespace, namespace, namespace], sites), true);
  assert.equal(mayStartBeside(oneSite, [namespace, twoNodes, namespace], sites), true);
  assert.equal(mayStartBeside(namespace, [oneSite], sites), false);
  for (const other of [namespace, oneSite, everything]) {
    assert.equal(mayStartBeside(everything, [other], sites), false);
    assert.equal(mayStartBeside(other, [everything], sites), false);
    assert.equal(mayStartBeside(other, [], sites), true);
  }
});

test('a scenario may break what it stands on, and always the Pods of its namespace', () => {
  const on = (ground: Parameters<typeof mayBreak>[0]['ground']) => (target: string) => mayBreak({ namespace: 'mine', ground, admitted: new Set() }, target);
  const targets = ['pod mine/app', 'site east', 'node e2', 'node e1,e2', 'node e1,w1', 'node w1', 'site west', 'pod mine-too/app', 'unit e2/kubelet.service', 'unit w1/kubelet.service'];
  assert.deepEqual(targets.filter(on('everything')), targets);
  assert.deepEqual(targets.filter(on('namespace')), ['pod mine/app']);
  assert.deepEqual(targets.filter(on({ site: 'east', nodes: ['e1', 'e2'] })), ['pod mine/app', 'site east', 'node e2', 'node e1,e2', 'unit e2/kubelet.service']);
});

test('a Pod of another namespace is a scenario\'s to break when it runs on a node of its site', async () => {
  const scope = { namespace: 'mine', ground: { site: 'east', nodes: ['e1', 'e2'] }, admitted: new Set<string>() };
  const nodeOf = async ({ name }: { name: string }) => ({ proxy: 'e2', elsewhere: 'w1' })[name];
  assert.equal(mayBreak(scope, 'pod kube-system/proxy'), false);
  assert.deepEqual(await Promise.all(['pod kube-system/proxy', 'pod kube-system/elsewhere', 'pod kube-system/gone', 'site west'].map(async (target) => await admit(scope, target, nodeOf))), [true, false, false, false]);
  assert.equal(mayBreak(scope, 'pod kube-system/proxy'), true);
  assert.equal(await admit({ ...scope, ground: 'namespace', admitted: new Set() }, 'pod kube-system/proxy', nodeOf), false);
});

test('what runs beside others comes first, of those on one site those with a neighbour; otherwise the order stays', () => {
  const pickles = ['a', 'b @side-by-side', 'c @one-site', 'd @side-by-side', 'e @one-site @needs-neighbour', 'f @needs-neighbour', 'g @one-site'].map((text) => ({ pickle: { name: text[0], tags: text.split(' ').slice(1).map((name) => ({ name })) } }));
  let ordered: unknown[] = [];
  plugin.coordinator({ transform: (_, transformer) => void (ordered = transformer(pickles)) });
  assert.equal(ordered.map((one) => (one as (typeof pickles)[number]).pickle.name).join(''), 'bdecgaf');
});

test('a part of the tunnel is neither deleted nor stopped while other scenarios run', async () => {
  // It has nothing to do anything with: whoever goes on fails otherwise.
  const world = { demandAlone: (what: string) => { throw new Error(`not alone: ${what}`); } } as unknown as EdgeWorld;
  const pod = { metadata: { name: 'server-1' }, spec: { nodeName: 'cloud' } } as Parameters<typeof replacePod>[2];
  await assert.rejects(replacePod(world, 'server', pod), /not alone: the end of tunnel server server-1/);
  await assert.rejects(findCarriers(world, {} as Parameters<typeof findCarriers>[1], [pod], new Map()), /not alone: a tunnel server that stands still/);
});
