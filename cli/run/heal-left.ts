import { FaultLog } from '../../chaos/fault-log.ts';
import { healAll } from '../../chaos/run.ts';
import { allDone } from '../../core/all-done.ts';
import type { ClusterState } from '../../harness/cluster/state.ts';
import type { Docker } from '../../harness/docker/docker.ts';
import type { KubeClient } from '../../harness/kube/client.ts';
import { whileEngineRuns } from '../../harness/engine/while-engine-runs.ts';
import { deleteScenarioNamespaces } from '../../harness/workloads/namespaces.ts';
import type { Io } from '../io.ts';

/** As long as a scenario's own clean-up has for it. */
const healMs = 150_000;

/**
 * Of a Cucumber that was killed, which heals nothing any more: ends its faults and has the namespaces of its scenarios removed. For a cluster that stays; with others all of it
 * goes. What steps had changed besides (trust of a tunnel, a switch of autonomy) is known to nobody. Listens to no abort, as all clean-up.
 *
 * @param since of what is older somebody else knows
 * @throws CannotTellError `ENGINE_GONE`; `FAULT_NOT_HEALED` naming those that remain
 */
export async function healLeft({ cluster, docker, kube }: { readonly cluster: ClusterState; readonly docker: Docker; readonly kube: KubeClient }, since: Date, { progress }: Pick<Io, 'progress'>): Promise<void> {
  const log = await FaultLog.open(cluster);
  const mine = ({ startedAt }: { readonly startedAt: string }): boolean => new Date(startedAt) >= since;
  await progress.step('Healing what Cucumber has left', async (step) => {
    // Both, also when one fails: whoever finds the rest has less of it.
    const [healed, namespaces] = await whileEngineRuns(docker.engine, AbortSignal.timeout(healMs), async (signal) => await allDone([healAll({ cluster, docker, signal }, log, mine), deleteScenarioNamespaces(kube, since, signal)] as const));
    step.result([...healed.map(({ kind, target }) => `${kind} on ${target}`), ...namespaces.map((name) => `namespace ${name}`)].join(', ') || 'nothing');
  });
}
