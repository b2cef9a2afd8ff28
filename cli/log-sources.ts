import { UsageError } from '../core/errors.ts';
import { suggest } from '../core/suggest.ts';
import type { ClusterState } from '../harness/cluster/state.ts';
import { findNode, shortName } from './nodes.ts';

/** Where lines of a log come from: a program that is run on a container, or docker's own log of it. */
export interface LogSource {
  /** What its lines are told apart by. */
  readonly label: string;
  readonly container: string;
  /** Run in the container; without it, what the container itself writes. */
  readonly script?: string;
}

export interface LogOptions {
  readonly follow: boolean;
  /** The last so many of each file or unit. */
  readonly lines: number;
}

/** Services of systemd on a node of any cluster. */
const plainUnits = ['kubelet', 'containerd'] as const;

/** Services of systemd whose logs can be asked for, without their suffix. */
export const unitsOf = (cluster: ClusterState): readonly string[] => [...plainUnits, ...(cluster.autonomy?.units ?? []).map((unit) => unit.replace(/\.service$/, ''))];

/**
 * The sources of what was asked for: a node (its services), a site (its link), a service of all nodes, or else the Pods with that name, as the nodes keep their logs:
 * they are there also while the cloud reaches no node.
 *
 * @param pods names of Pods that there are, for what is asked for by the beginning of one
 * @throws UsageError when there is nothing of that name
 */
export function logSources(cluster: ClusterState, what: string, pods: readonly string[], { follow, lines }: LogOptions): LogSource[] {
  // A node of kind is another machine to journald each time it starts.
  const journal = (units: readonly string[]): string => `exec journalctl --merge --no-pager --output=short-iso-precise --lines=${lines} ${follow ? '--follow ' : ''}${units.map((unit) => `--unit=${unit}`).join(' ')}`;
  const node = findNode(cluster, what);
  if (node !== undefined) return [{ label: shortName(cluster, node), container: node.name, script: journal(unitsOf(cluster)) }];
  const wan = cluster.wans.find(({ site }) => site === what);
  if (wan !== undefined) return [{ label: `wan ${wan.site}`, container: wan.container }];
  const everywhere = (script: string): LogSource[] => cluster.nodes.map((one) => ({ label: shortName(cluster, one), container: one.name, script }));
  if (unitsOf(cluster).includes(what)) return everywhere(journal([what]));
  if (!pods.some((pod) => pod.startsWith(what))) {
    const known = [...cluster.nodes.map((one) => shortName(cluster, one)), ...cluster.wans.map(({ site }) => site), ...unitsOf(cluster), ...pods];
    const meant = suggest(what, known);
    throw new UsageError(`cluster ${cluster.name} has no node, site, service or Pod "${what}"${meant === undefined ? '' : `; did you mean ${meant}?`}`, { next: 'see what there is: edgeproof logs' });
  }
  // NAMESPACE_POD_UID/CONTAINER/RESTARTS.log; a name of Kubernetes has no character that a pattern or a shell would take for anything else.
  return everywhere(`files=$(find /var/log/pods -path '/var/log/pods/*_${what}*_*/*/*.log'); [ -z "$files" ] || exec tail --quiet --lines=${lines} ${follow ? '--follow=name --retry ' : ''}$files`);
}
