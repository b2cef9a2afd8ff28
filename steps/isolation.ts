import { Then } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { edgeNodes } from '../harness/cluster/state.ts';
import type { ReachTopic } from '../harness/probes/reach-plan.ts';
import { describeReach, probeReachability, type ReachResult } from '../harness/probes/reachability.ts';
import { mayBreak } from './support/ground.ts';
import type { EdgeWorld } from './support/world.ts';

/** Probes once for the Thens after a fault; with a node, only what it takes part in. */
async function probed(world: EdgeWorld, node?: string): Promise<readonly ReachResult[]> {
  // That a WAN is the way is proven by shutting it for a moment: every WAN, or that of the node.
  const site = node === undefined ? undefined : world.cluster.nodes.find(({ name }) => name === node)?.site;
  if (site === undefined || !mayBreak(world.scope, `site ${site}`)) world.demandAlone('a look at the isolation');
  const key = node ?? 'all';
  const known = world.reached.get(key);
  const results = known ?? await probeReachability(world.docker, world.cluster, { signal: world.signal, ...(node !== undefined && { nodes: [node] }) });
  if (known === undefined) for (const result of results) world.samples.add(`who ${result.from} reaches`, { at: Date.now(), ...(!result.ok && { why: describeReach(result) }) });
  world.reached.set(key, results);
  return results;
}

/** @throws PromiseBroken with the code when a probe of these topics saw what it must not; CannotTellError when one saw nothing at all. */
function judge(results: readonly ReachResult[], topics: readonly ReachTopic[], code: string): void {
  const mine = results.filter(({ about }) => topics.includes(about));
  const wrong = mine.filter(({ ok }) => !ok);
  const failed = wrong.filter(({ seen }) => seen === 'failed');
  if (failed.length > 0) throw new CannotTellError('PROBE_FAILED', failed.map(describeReach).join('\n'));
  if (wrong.length > 0) throw new PromiseBroken(code, `${wrong.length} of ${mine.length} probes: ${wrong.map(describeReach).join('; ')}`);
}

/** @returns `skipped` on a topology with a single edge node, which has nobody to reach: passing would say something of nothing. */
async function judgeNeighbours(world: EdgeWorld, topic: 'within-site' | 'between-sites', code: string): Promise<'skipped' | undefined> {
  if (edgeNodes(world.cluster).length < 2) return 'skipped';
  judge(await probed(world), [topic], code);
  return undefined;
}

Then('every edge node reaches the API server through the WAN of its site', async function (this: EdgeWorld) {
  judge(await probed(this), ['wan'], 'WAN_NOT_THE_WAY');
});

Then('no edge node reaches a cloud node in any other way', async function (this: EdgeWorld) {
  judge(await probed(this), ['edge-to-cloud', 'wan-itself', 'ipv6'], 'ISOLATION_LEAK');
});

Then('no cloud node reaches an edge node', async function (this: EdgeWorld) {
  judge(await probed(this), ['cloud-to-edge'], 'ISOLATION_LEAK');
});

Then('no packet for a Service or a Pod leaves the cluster by its nodes\' default route', async function (this: EdgeWorld) {
  judge(await probed(this), ['way-out'], 'WAY_OUT_OPEN');
});

Then('nodes of one site reach each other', async function (this: EdgeWorld) {
  return await judgeNeighbours(this, 'within-site', 'SITE_LAN_DOWN');
});

Then('nodes of different sites reach each other exactly if the topology allows it', async function (this: EdgeWorld) {
  return await judgeNeighbours(this, 'between-sites', 'SITES_NOT_AS_TOPOLOGY');
});

Then('the edge node reaches the API server through the WAN of its site', async function (this: EdgeWorld) {
  judge(await probed(this, this.roles.edgeNode.name), ['wan'], 'WAN_NOT_THE_WAY');
});

Then('the edge node reaches no cloud node in any other way', async function (this: EdgeWorld) {
  judge(await probed(this, this.roles.edgeNode.name), ['edge-to-cloud', 'wan-itself', 'ipv6'], 'ISOLATION_LEAK');
});

Then('no cloud node reaches the edge node', async function (this: EdgeWorld) {
  judge(await probed(this, this.roles.edgeNode.name), ['cloud-to-edge'], 'ISOLATION_LEAK');
});
