import type { Topology } from '../../topologies/schema.ts';
import { architectureNodeLabel, deviceClassNodeLabel, siteNodeLabel, tierNodeLabel } from './labels.ts';
import type { NodeState } from './state.ts';

/** A node before it exists: what it will be called and what it will carry. It has no address yet. */
export interface PlannedNode extends Omit<NodeState, 'address'> {
  /** Labels of the Kubernetes node. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The nodes of a topology in the order of kind's config, which decides their names: kind numbers the workers of
 * a cluster in that order, and leaves out the 1 (`dev-worker`, `dev-worker2`, …).
 */
export function planNodes(cluster: string, topology: Topology): PlannedNode[] {
  const nodes: PlannedNode[] = [];
  const counts = { 'control-plane': 0, worker: 0 };
  const add = (role: PlannedNode['role'], rest: Omit<PlannedNode, 'name' | 'role'>): void => {
    const count = ++counts[role];
    nodes.push({ name: `${cluster}-${role}${count === 1 ? '' : count}`, role, ...rest });
  };
  const cloud = { tier: 'cloud', labels: { [tierNodeLabel]: 'cloud' } } as const;
  for (let i = 0; i < topology.cloud.controlPlanes; i++) add('control-plane', cloud);
  for (let i = 0; i < topology.cloud.workers; i++) add('worker', cloud);
  for (const site of topology.sites) {
    for (const node of site.nodes) {
      add('worker', {
        tier: 'edge',
        site: site.name,
        labels: {
          ...node.labels,
          [tierNodeLabel]: 'edge',
          [siteNodeLabel]: site.name,
          [deviceClassNodeLabel]: node.deviceClass,
          [architectureNodeLabel]: node.architecture,
        },
      });
    }
  }
  return nodes;
}
