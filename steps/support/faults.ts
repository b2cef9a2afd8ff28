import { createFault, type FaultContext, type FaultKind, type FaultRecord } from '../../chaos/fault.ts';
import type { ChosenParameters } from '../../chaos/fault-parameters.ts';
import { healAll, healFault, injectFault } from '../../chaos/run.ts';
import { forgetMacsOfFaults } from '../../chaos/vtep.ts';
import { nodesOfSite, type ClusterState } from '../../harness/cluster/state.ts';
import { mayBreak, type Scope } from './ground.ts';
import type { Session } from './session.ts';

const contextOf = ({ cluster, docker }: Pick<Session, 'cluster' | 'docker'>, signal: AbortSignal): FaultContext => ({ cluster, docker, signal });

/** Breaks something and makes sure that the victim felt it. @param chosen of its numbers those that are not the usual ones @throws CannotTellError `FAULT_NOT_SEEN` */
export async function inject(session: Session, kind: FaultKind, target: string, signal: AbortSignal, chosen: ChosenParameters = {}): Promise<FaultRecord> {
  return await injectFault(contextOf(session, signal), session.faults, createFault(kind, target, chosen));
}

/** Ends one fault. @returns its record, with the time of its end. */
export async function heal(session: Session, record: FaultRecord, signal: AbortSignal): Promise<FaultRecord> {
  return await healFault(contextOf(session, signal), session.faults, record.id);
}

/**
 * Whether a fault can be of a scenario, or left over from one before: one that has all to itself is told of all that is broken, one on a site
 * of nothing outside, and one that breaks only its own Pods of no Pods of others.
 */
const mayBeOf = (scope: Scope) => ({ target }: FaultRecord): boolean => mayBreak(scope, target) || (scope.ground === 'namespace' && !target.startsWith('pod '));

/** Ends all faults of the cluster that are not ended, whoever began them, but not what a scenario that runs beside this one is just doing. */
export async function healEverything(session: Pick<Session, 'cluster' | 'docker' | 'faults'>, scope: Scope, signal: AbortSignal): Promise<FaultRecord[]> {
  return await healAll(contextOf(session, signal), session.faults, mayBeOf(scope));
}

/** For who looks at every node: what faults of scenarios on one site have led to elsewhere is taken away. */
export async function forgetWhatFaultsLeft(session: Session, signal: AbortSignal): Promise<void> {
  await forgetMacsOfFaults(contextOf(session, signal), await session.faults.records());
}

/** All faults of a scenario that began at or after a moment, also those that went wrong and were healed at once. */
export async function faultsSince({ faults }: Pick<Session, 'faults'>, scope: Scope, since: Date): Promise<FaultRecord[]> {
  return (await faults.records()).filter(mayBeOf(scope)).filter(({ startedAt }) => new Date(startedAt) >= since);
}

/** Nothing comes through it, either way: what does is news of the time after. */
export const cutsOff = ({ kind }: Pick<FaultRecord, 'kind'>): boolean => ['wan-down', 'wan-blackhole', 'lb-stop', 'lb-delete'].includes(kind);

/** The nodes that faults were done to, and when the last of them ended or, where it let nothing through either way, its healing began. The death of a container is its node's daily work. */
export function disturbedBy(records: readonly FaultRecord[], cluster: ClusterState): { nodes: string[]; until: Date } {
  const grave = records.filter(({ target }) => !target.startsWith('pod '));
  const nodes = grave.flatMap(({ target }) => {
    const [form, name = ''] = target.split(' ');
    if (form === 'site') return nodesOfSite(cluster, name).map((node) => node.name);
    return form === 'unit' ? name.split('/', 1) : name.split(',');
  });
  const ends = grave.map((record) => (cutsOff(record) ? record.healBeganAt : undefined) ?? record.endedAt ?? record.startedAt).sort();
  return { nodes: [...new Set(nodes)], until: new Date(ends.at(-1) ?? 0) };
}
