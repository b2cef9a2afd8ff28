import { waitFor } from '../core/wait.ts';
import { nodesOfSite } from '../harness/cluster/state.ts';
import { dialFrom, type Dialled } from '../harness/probes/dial.ts';
import { serviceProbes } from '../harness/probes/reach-plan.ts';
import { cloudServices } from '../harness/wan/services.ts';
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

// ss(8): ( dport = :6443 or dport = :30132 )
const toServices = ['(', ...cloudServices.flatMap(({ port }, index) => [...(index === 0 ? [] : ['or']), 'dport', '=', `:${port}`]), ')'];

/** What `ss` says of the connections of each node of a site to services of the cloud, in the nodes' own network namespaces (Pods' not counted). */
async function onNodes({ cluster, docker, signal }: FaultContext, site: string, flags: readonly string[]): Promise<string[]> {
  const lines = await Promise.all(nodesOfSite(cluster, site).map(async ({ name }) => {
    const { stdout } = await docker.exec(name, ['ss', '--no-header', '--tcp', '--numeric', ...flags, 'state', 'established', ...toServices], { timeoutMs: 10_000, signal });
    return stdout.split('\n').filter((line) => line.trim() !== '').map((line) => `${name} ${line.trim()}`);
  }));
  return lines.flat();
}

/** The connections that the nodes of a site hold open to services of the cloud, for example `dev-worker2 10.0.0.3:4711 → 10.0.0.2:6443`. */
export async function connectionsOf(ctx: FaultContext, site: string): Promise<string[]> {
  return (await onNodes(ctx, site, [])).map((line) => {
    // Recv-Q Send-Q Local Peer
    const [node, , , local, peer] = line.split(/\s+/);
    return `${node} ${local} → ${peer}`;
  });
}

/** How many those are. */
export const openConnections = async (ctx: FaultContext, site: string): Promise<number> => (await connectionsOf(ctx, site)).length;

/** Waits until none of them is left. @throws WaitTimeoutError */
export async function connectionsEnd(ctx: FaultContext, site: string): Promise<void> {
  await waitFor(`the end of the connections of site ${site} to the cloud`, async (signal) => {
    const open = await openConnections({ ...ctx, signal }, site);
    return open === 0 ? { done: true } : { missing: `${open} still open` };
  }, { timeoutMs: 10_000, signal: ctx.signal });
}

/** Resets them: both ends get an error. A kernel without `INET_DIAG_DESTROY` leaves them as they are. */
export async function resetConnections(ctx: FaultContext, site: string): Promise<void> {
  await onNodes(ctx, site, ['--kill']);
}
