import { UsageError } from '../core/errors.ts';
import { type ClusterState, edgeNodes, type NodeState, nodesOfSite } from '../harness/cluster/state.ts';

export type TargetType = 'site' | 'node' | 'pod' | 'unit';

/** What a fault hits, as its text says; whether it exists is asked when the fault is injected. */
export type Target =
  | { readonly type: 'site'; readonly site: string }
  | { readonly type: 'node'; readonly nodes: readonly string[] }
  | { readonly type: 'pod'; readonly namespace: string; readonly name: string; readonly container?: string }
  | { readonly type: 'unit'; readonly node: string; readonly unit: string };

export const formsOf: Readonly<Record<TargetType, string>> = {
  site: '"site NAME"',
  node: '"node NAME" or "node NAME,NAME" (at once)',
  pod: '"pod NAMESPACE/NAME" or "pod NAMESPACE/NAME/CONTAINER"',
  unit: '"unit NODE/NAME.service"',
};

const word = '[a-z0-9][a-z0-9.-]*';
const siteForm = new RegExp(`^site (${word})$`);
const nodeForm = new RegExp(`^node (${word}(?:,${word})*)$`);
const podForm = new RegExp(`^pod (${word})/(${word})(?:/(${word}))?$`);

/** As systemd names services: systemd.unit(5). */
const unitForm = new RegExp(`^unit (${word})/([A-Za-z0-9:_.@-]+\\.service)$`);

/** Reads a target; undefined when it has no known form. */
export function parseTarget(text: string): Target | undefined {
  const site = siteForm.exec(text)?.[1];
  if (site !== undefined) return { type: 'site', site };
  const nodes = nodeForm.exec(text)?.[1];
  if (nodes !== undefined) return { type: 'node', nodes: nodes.split(',') };
  const [, node, unit] = unitForm.exec(text) ?? [];
  if (node !== undefined && unit !== undefined) return { type: 'unit', node, unit };
  const [, namespace, name, container] = podForm.exec(text) ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  return { type: 'pod', namespace, name, ...(container !== undefined && { container }) };
}

/** The site that a fault is done to. @throws UsageError when the cluster has none of that name */
export function siteOf(target: Target, cluster: ClusterState): string {
  if (target.type !== 'site') throw new TypeError(`not a site: ${target.type}`);
  const sites = cluster.wans.map((wan) => wan.site);
  if (sites.includes(target.site)) return target.site;
  throw new UsageError(`cluster ${cluster.name} has no site ${target.site}`, { next: `its sites are: ${sites.join(', ')}` });
}

/** The nodes that a fault is done to; a site stands for all of its nodes. @throws UsageError when one is not there */
export function nodesOf(target: Target, cluster: ClusterState): NodeState[] {
  if (target.type === 'site') return nodesOfSite(cluster, siteOf(target, cluster));
  if (target.type !== 'node') throw new TypeError(`not nodes: ${target.type}`);
  return target.nodes.map((name) => {
    const node = cluster.nodes.find((one) => one.name === name);
    if (node !== undefined) return node;
    const edge = edgeNodes(cluster).map((one) => one.name);
    throw new UsageError(`cluster ${cluster.name} has no node ${name}`, { next: `its edge nodes are: ${edge.join(', ')}` });
  });
}

/** The node of a systemd unit that a fault is done to. @throws UsageError when it is not there */
export const nodeOfUnit = ({ node }: Extract<Target, { type: 'unit' }>, cluster: ClusterState): NodeState => nodesOf({ type: 'node', nodes: [node] }, cluster)[0]!;

/** @throws UsageError when the cluster has no such site or node; Pods are only looked for when they are hit */
export function demandTarget(text: string, cluster: ClusterState): void {
  const target = parseTarget(text);
  if (target?.type === 'site') siteOf(target, cluster);
  if (target?.type === 'node') nodesOf(target, cluster);
  if (target?.type === 'unit') nodeOfUnit(target, cluster);
}
