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

/** How many connections to services of the cloud the nodes of a site hold open, in their own network namespaces (Pods' not counted). */
export async function openConnections({ cluster, docker, signal }: FaultContext, site: string): Promise<number> {
  // ss(8): ( dport = :6443 or dport = :30132 )
  const filter = ['(', ...cloudServices.flatMap(({ port }, index) => [...(index === 0 ? [] : ['or']), 'dport', '=', `:${port}`]), ')'];
  const counts = await Promise.all(nodesOfSite(cluster, site).map(async (node) => {
    const { stdout } = await docker.exec(node.name, ['ss', '--no-header', '--tcp', '--numeric', 'state', 'established', ...filter], { timeoutMs: 10_000, signal });
    return stdout.split('\n').filter((line) => line.trim() !== '').length;
  }));
  return counts.reduce((sum, count) => sum + count, 0);
}
