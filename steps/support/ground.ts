import { neighbourTag, oneSiteTag, sideBySideTag, stockCodeOf } from '../../features/tags.ts';
import { parseTarget } from '../../chaos/target.ts';
import type { SiteState } from '../../harness/cluster/state.ts';

/** What a scenario must have to itself while it runs: all of the cluster, one site of it, or no more than its namespace. */
export interface Wanted {
  readonly ground: 'everything' | 'one-site' | 'namespace';
  /** Of one site: with two nodes. */
  readonly neighbour: boolean;
}

/** What a scenario has to itself while it runs; of a site its name and those of its nodes. */
export type Ground = 'everything' | 'namespace' | { readonly site: string; readonly nodes: readonly string[] };

/** What a scenario may break: what it stands on, and the Pods of its namespace. */
export interface Scope {
  readonly namespace: string;
  readonly ground: Ground;
  /** Pods of other namespaces that it has asked to break, as they run on nodes of its site: as the faults name them. */
  readonly admitted: Set<string>;
}

/**
 * What a scenario with these tags must have to itself.
 *
 * @param control a run on plain Kubernetes, where a scenario of the tunnel ends at its first look through it, before it
 * breaks anything: each waits for the time-out of a dial that nobody answers, and 40 such waits in a row are most of the run
 */
export function wantedBy(tags: readonly string[], control: boolean): Wanted {
  const neighbour = tags.includes(neighbourTag);
  if (tags.includes(sideBySideTag) || (control && tags.includes('@tunnel') && stockCodeOf(tags) !== undefined)) return { ground: 'namespace', neighbour };
  return { ground: tags.includes(oneSiteTag) ? 'one-site' : 'everything', neighbour };
}

/** Whether this Cucumber grades plain Kubernetes: the CLI says so. */
export const isControl = (): boolean => process.env['EDGEPROOF_MODE'] === 'control';

const hasNeighbours = ({ nodes }: SiteState): boolean => nodes.length > 1;

/** The sites that a scenario can stand on, the smallest first: one that needs no neighbour leaves those that have one to others. */
export function sitesFor({ neighbour }: Wanted, sites: readonly SiteState[]): SiteState[] {
  return sites.filter((site) => !neighbour || hasNeighbours(site)).toSorted((a, b) => a.nodes.length - b.nodes.length);
}

/**
 * Whether a scenario may be given to a worker while others run. One of a site may have to wait there for those that break
 * nothing: Cucumber asks a worker for which it once had nothing to do never again.
 */
export function mayStartBeside(wanted: Wanted, running: readonly Wanted[], sites: readonly SiteState[]): boolean {
  const all = [wanted, ...running];
  if (running.length === 0 || all.every(({ ground }) => ground === 'namespace')) return true;
  if (wanted.ground !== 'one-site' || all.some(({ ground }) => ground === 'everything')) return false;
  const onSites = all.filter(({ ground }) => ground === 'one-site');
  // A site with a neighbour fits all, so these two sums tell whether each has a site of its own.
  return onSites.length <= sites.length && onSites.filter(({ neighbour }) => neighbour).length <= sites.filter(hasNeighbours).length;
}

/** Whether a fault on this target is felt by nobody but a scenario of this scope. */
export function mayBreak({ namespace, ground, admitted }: Scope, target: string): boolean {
  const parsed = parseTarget(target);
  if (ground === 'everything' || admitted.has(target) || (parsed?.type === 'pod' && parsed.namespace === namespace)) return true;
  if (ground === 'namespace' || parsed === undefined || parsed.type === 'pod') return false;
  if (parsed.type === 'site') return parsed.site === ground.site;
  return (parsed.type === 'unit' ? [parsed.node] : parsed.nodes).every((node) => ground.nodes.includes(node));
}

/**
 * As `mayBreak`, and asks where a Pod of another namespace runs: on a node of the scenario's site it may break it, and is told of it from then on.
 *
 * @param nodeOf the node of a Pod; undefined when there is none
 */
export async function admit(scope: Scope, target: string, nodeOf: (pod: { readonly namespace: string; readonly name: string }) => Promise<string | undefined>): Promise<boolean> {
  if (mayBreak(scope, target)) return true;
  const parsed = parseTarget(target);
  if (typeof scope.ground === 'string' || parsed?.type !== 'pod') return false;
  const node = await nodeOf(parsed);
  if (node === undefined || !scope.ground.nodes.includes(node)) return false;
  scope.admitted.add(target);
  return true;
}
