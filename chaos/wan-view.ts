import { allDone } from '../core/all-done.ts';
import { waitFor } from '../core/wait.ts';
import { nodesOfSite } from '../harness/cluster/state.ts';
import { dialFrom, type Dialled } from '../harness/probes/dial.ts';
import { describeEdgeSide, edgeSideOf, resetEdgeSide, type EdgeSide } from '../harness/probes/edge-side.ts';
import { serviceProbes } from '../harness/probes/reach-plan.ts';
import { type FaultContext } from './fault.ts';

/** What a node saw at one service of the cloud. */
export interface ServiceView extends Dialled {
  readonly node: string;
  readonly port: number;
}

/** What each node of a site sees when it dials each service of the cloud, from inside the nodes. */
export async function dialServices({ cluster, docker, signal }: FaultContext, site: string): Promise<ServiceView[]> {
  const nodes = nodesOfSite(cluster, site);
  return (await Promise.all(nodes.map(async (node) => {
    const probes = serviceProbes(cluster, node, 'refused');
    const seen = await dialFrom(docker, node.name, probes, 0, signal);
    return seen.map((one, index): ServiceView => ({ node: node.name, port: Number(probes[index]?.port), ...one }));
  }))).flat();
}

/** For example `dev-worker2 saw answers at port 6443 (HTTP 200)`. */
export const describeView = ({ node, port, seen, detail }: ServiceView): string => `${node} saw ${seen} at port ${port}${detail === '' ? '' : ` (${detail})`}`;

/** The connections that the nodes of a site, and the Pods on them, hold open to services of the cloud. */
export async function connectionsOf({ cluster, docker, signal }: FaultContext, site: string): Promise<EdgeSide[]> {
  return (await Promise.all(nodesOfSite(cluster, site).map(async ({ name }) => await edgeSideOf(docker, cluster, name, signal)))).flat();
}

/** Waits until none of them is left. @throws WaitTimeoutError */
export async function connectionsEnd(ctx: FaultContext, site: string): Promise<void> {
  await waitFor(`the end of the connections of site ${site} to the cloud`, async (signal) => {
    const open = await connectionsOf({ ...ctx, signal }, site);
    return open.length === 0 ? { done: true } : { missing: `still open: ${open.map(describeEdgeSide).join(', ')}` };
  }, { timeoutMs: 10_000, signal: ctx.signal });
}

/** Resets all that there are now: both ends get an error. */
export async function resetConnections(ctx: FaultContext, site: string): Promise<void> {
  const byNode = Map.groupBy(await connectionsOf(ctx, site), ({ node }) => node);
  await allDone([...byNode].map(async ([node, connections]) => await resetEdgeSide(ctx.docker, node, connections, ctx.signal)));
}

/** Waits until none is left of connections that there were before. @throws WaitTimeoutError */
export async function victimsEnd(ctx: FaultContext, site: string, victims: ReadonlySet<string>): Promise<void> {
  await waitFor('the end of the connections at the site', async (signal) => {
    const left = (await connectionsOf({ ...ctx, signal }, site)).map(describeEdgeSide).filter((one) => victims.has(one));
    return left.length === 0 ? { done: true } : { missing: `still open: ${left.join(', ')} (a kernel without INET_DIAG_DESTROY cannot reset them)` };
  }, { timeoutMs: 5000, everyMs: 100, signal: ctx.signal });
}
