import { Then } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { edgeTaint, siteNodeLabel, tierNodeLabel } from '../harness/cluster/labels.ts';
import { nodesOfSite, type NodeState } from '../harness/cluster/state.ts';
import type { KubeNode } from '../harness/kube/objects.ts';
import { staleNodes } from '../harness/kube/whole.ts';
import type { EdgeWorld } from './support/world.ts';

const nodesOf = async (world: EdgeWorld): Promise<KubeNode[]> => await world.kube.list<KubeNode>('v1', 'Node', { signal: world.signal });

Then('every node of the topology is Ready within {int} s', async function (this: EdgeWorld, seconds: number) {
  await becomeReady(this, this.cluster.nodes, { what: `all ${this.cluster.nodes.length} nodes Ready`, seconds });
});

Then('every node of the site is Ready within {int} s', async function (this: EdgeWorld, seconds: number) {
  const nodes = nodesOfSite(this.cluster, this.roles.site);
  await becomeReady(this, nodes, { what: `all ${nodes.length} nodes of site ${this.roles.site} Ready`, seconds });
});

Then('the edge node is Ready again within {int} s', async function (this: EdgeWorld, seconds: number) {
  const { edgeNode } = this.roles;
  await becomeReady(this, [edgeNode], { what: `node ${edgeNode.name} Ready`, seconds, since: this.lastFaultAt });
});

async function becomeReady(world: EdgeWorld, nodes: readonly NodeState[], budget: { what: string; seconds: number; since?: number }): Promise<void> {
  await world.within({ ...budget, code: 'NODE_NOT_READY' }, async (signal) => {
    const stale = await staleNodes(world.kube, world.cluster, world.disturbed, signal);
    const missing = stale.filter((text) => nodes.some(({ name }) => text.startsWith(`node ${name} `)));
    return missing.length === 0 ? { done: true } : { missing: missing.join('; ') };
  });
}

Then('all nodes outside the site stayed Ready', function (this: EdgeWorld) {
  if (this.disturbedElsewhere === undefined) throw new CannotTellError('NOT_WATCHED', 'no step has watched the nodes outside the site');
  if (this.disturbedElsewhere.size > 0) {
    throw new PromiseBroken('OTHER_SITE_DISTURBED', `while site ${this.roles.site} was cut off, these nodes outside it were not Ready: ${[...this.disturbedElsewhere].join(', ')}`);
  }
});

Then('every node carries the labels that the topology gives it', async function (this: EdgeWorld) {
  const nodes = await nodesOf(this);
  const wrong = this.cluster.nodes.flatMap(({ name, tier, site }) => {
    const labels = nodes.find(({ metadata }) => metadata.name === name)?.metadata.labels ?? {};
    const wanted = { [tierNodeLabel]: tier, ...(site === undefined ? {} : { [siteNodeLabel]: site, ...labelsOfEdge(this, name, site) }) };
    return Object.entries(wanted).filter(([key, value]) => labels[key] !== value).map(([key, value]) => `${name} has ${key}=${labels[key] ?? '(none)'}, not ${value}`);
  });
  if (wrong.length > 0) throw new PromiseBroken('LABEL_WRONG', wrong.join('; '));
});

/** Nodes of a site are made in the order of the topology. */
function labelsOfEdge(world: EdgeWorld, name: string, site: string): Record<string, string> {
  const index = nodesOfSite(world.cluster, site).findIndex((node) => node.name === name);
  const wanted = world.cluster.topology.sites.find((one) => one.name === site)?.nodes[index];
  if (wanted === undefined) return {};
  return { 'edgeproof.dev/device-class': wanted.deviceClass, 'edgeproof.dev/architecture': wanted.architecture, ...wanted.labels };
}

Then('every edge node, and no cloud node, carries the edge taint', async function (this: EdgeWorld) {
  const wrong = (await nodesOf(this)).flatMap(({ metadata: { name }, spec }) => {
    const edge = this.cluster.nodes.find((node) => node.name === name)?.tier === 'edge';
    const tainted = spec.taints?.some(({ key, effect }) => key === edgeTaint && effect === 'NoSchedule') ?? false;
    return edge === tainted ? [] : [`${name} ${tainted ? 'carries' : 'lacks'} ${edgeTaint}:NoSchedule`];
  });
  if (wrong.length > 0) throw new PromiseBroken('TAINT_WRONG', wrong.join('; '));
});
