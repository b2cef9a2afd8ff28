import { whileEngineRuns } from '../../harness/engine/while-engine-runs.ts';
import { leaseVersions, makeWhole } from '../../harness/kube/whole.ts';
import { deleteNamespace } from '../../harness/workloads/namespaces.ts';
import { cutsOff, faultsSince, healEverything } from './faults.ts';
import { interruption } from './interruption.ts';
import type { Session } from './session.ts';
import type { EdgeWorld } from './world.ts';

/** After its heal, a node that could not register itself tries again within seconds; crash loops of its Pods take longer. */
const wholeAfterMs = 150_000;

/**
 * Ends a scenario's faults, undoes what its steps changed and removes its namespace, each also when one before has failed: the next
 * scenario would be judged by what is left. Clean-up has a deadline of its own and does not hear the interruption; an interrupted
 * run does not wait for the cluster.
 *
 * @param patienceMs for how long a node may come back by itself
 * @throws CannotTellError `ENGINE_GONE`, `FAULT_NOT_HEALED`, what an undo throws, WaitTimeoutError: of several the last
 */
export async function cleanUp(world: EdgeWorld, session: Session, patienceMs: number): Promise<void> {
  // Without it nothing comes back, and each part of this would wait for that.
  await whileEngineRuns(session.docker.engine, AbortSignal.timeout(wholeAfterMs + 60_000), async (signal) => await putBack(world, session, patienceMs, signal));
}

async function putBack(world: EdgeWorld, session: Session, patienceMs: number, signal: AbortSignal): Promise<void> {
  const { kube, docker, cluster } = session;
  const open = [...world.faultRecords.values()].filter(({ endedAt }) => endedAt === undefined);
  // It only saves time: without it each node's next renewal is waited for.
  const leases = open.length === 1 && cutsOff(open[0]!) ? await leaseVersions(kube, signal).catch(() => undefined) : undefined;
  try {
    await healEverything(session, world.scope, signal);
  } finally {
    try {
      // The log also has those that nobody felt: they are over, and left their nodes in some state.
      for (const record of await faultsSince(session, world.scope, world.startedAt)) world.faultRecords.set(record.id, record);
    } finally {
      try {
        await world.undos.undoAll(signal);
      } finally {
        await deleteNamespace(kube, world.namespace, signal);
      }
    }
  }
  const { disturbed } = world;
  if (disturbed.nodes.length === 0 || interruption.signal.aborted) return;
  await makeWhole(kube, docker, cluster, { timeoutMs: wholeAfterMs, signal, disturbed: { ...disturbed, ...(leases && { leases }) }, patienceMs });
}
