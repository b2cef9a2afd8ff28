import { nodesOfSite } from '../harness/cluster/state.ts';
import { dialFrom, type Dialled } from '../harness/probes/dial.ts';
import { wayProbes } from '../harness/probes/reach-plan.ts';
import { apiserver } from '../harness/wan/services.ts';
import { type FaultContext } from './fault.ts';

/** What each node of a site sees when it dials the API server, from inside the nodes. */
export async function dialApiserver({ cluster, docker, signal }: FaultContext, site: string): Promise<({ node: string } & Dialled)[]> {
  const nodes = nodesOfSite(cluster, site);
  return (await Promise.all(nodes.map(async (node) => {
    const seen = await dialFrom(docker, node.name, wayProbes(cluster, node, 'answers'), 0, signal);
    return seen.map((one) => ({ node: node.name, ...one }));
  }))).flat();
}

/** How many connections to the API server the nodes of a site hold open, in their own network namespaces (Pods' not counted). */
export async function openConnections({ cluster, docker, signal }: FaultContext, site: string): Promise<number> {
  const counts = await Promise.all(nodesOfSite(cluster, site).map(async (node) => {
    const { stdout } = await docker.exec(node.name, ['ss', '--no-header', '--tcp', '--numeric', 'state', 'established', 'dport', '=', `:${apiserver.port}`], { timeoutMs: 10_000, signal });
    return stdout.split('\n').filter((line) => line.trim() !== '').length;
  }));
  return counts.reduce((sum, count) => sum + count, 0);
}
