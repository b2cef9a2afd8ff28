import { edgeTaint, siteNodeLabel, tierNodeLabel } from '../cluster/labels.ts';
import type { Tier } from '../cluster/state.ts';

/** Where a workload asks to run. `anywhere` says nothing: no selector and no toleration. */
export type Placement = { readonly node: string } | { readonly tier: Tier } | { readonly site: string } | 'anywhere';

/** The part of a Pod's spec that places it. A selector for the edge comes with the toleration of its taint, unless refused. */
export function placementSpec(placement: Placement, options: { readonly tolerateEdge?: boolean } = {}): object {
  const nodeSelector = selectorOf(placement);
  const asksForEdge = placement !== 'anywhere' && !('tier' in placement && placement.tier === 'cloud');
  const tolerations = (options.tolerateEdge ?? asksForEdge) ? [{ key: edgeTaint, operator: 'Exists', effect: 'NoSchedule' }] : [];
  return { nodeSelector, tolerations };
}

function selectorOf(placement: Placement): Record<string, string> {
  if (placement === 'anywhere') return {};
  if ('node' in placement) return { 'kubernetes.io/hostname': placement.node };
  return 'tier' in placement ? { [tierNodeLabel]: placement.tier } : { [siteNodeLabel]: placement.site };
}
