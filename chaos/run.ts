import { randomBytes } from 'node:crypto';
import { CannotTellError, describeError } from '../core/errors.ts';
import { type Fault, type FaultContext, faultFromRecord, type FaultRecord } from './fault.ts';
import { type FaultLog } from './fault-log.ts';
import { demandTarget } from './target.ts';

/** Time to heal a fault whose injection went wrong or was interrupted. Healing has its own budget and always runs. */
const undoTimeoutMs = 150_000;

const now = (): string => new Date().toISOString();

/**
 * Breaks something, and looks from the victim's side that it is broken. The record is on disk before anything is
 * done. A fault that lasts and is on already is looked at again, not begun anew; one that passes by itself is
 * over (`endedAt`) when it was seen.
 *
 * @throws UsageError when the target is not in the cluster; CannotTellError `FAULT_NOT_SEEN`, `FAULT_FAILED` and
 * others, or the signal's reason: the fault has been healed then; `FAULT_NOT_HEALED` when that failed too
 */
export async function injectFault(ctx: FaultContext, log: FaultLog, fault: Fault): Promise<FaultRecord> {
  ctx.signal.throwIfAborted();
  demandTarget(fault.target, ctx.cluster);
  const open = fault.momentary ? undefined : (await log.active()).find((one) => one.kind === fault.kind && one.target === fault.target);
  const { parameters: _, ...before } = open ?? { id: `${fault.kind}-${randomBytes(4).toString('hex')}`, kind: fault.kind, target: fault.target, startedAt: now() } satisfies FaultRecord;
  const record: FaultRecord = { ...before, ...(fault.parameters !== undefined && { parameters: fault.parameters }) };
  if (open === undefined) await log.put(record);
  try {
    const calledAt = now();
    const struckAt = (await fault.inject(ctx))?.toISOString() ?? calledAt;
    const evidence = await fault.verify(ctx);
    const verifiedAt = now();
    return await log.put({ ...record, struckAt, verifiedAt, evidence, ...(fault.momentary && { endedAt: verifiedAt }) });
  } catch (error) {
    await undo(ctx, log, record, fault, error);
    if (ctx.signal.aborted || error instanceof CannotTellError) throw error;
    const unseen = error instanceof Error && 'code' in error && error.code === 'WAIT_TIMEOUT';
    throw new CannotTellError(unseen ? 'FAULT_NOT_SEEN' : 'FAULT_FAILED', `${fault.kind} on ${fault.target} ${unseen ? 'was not felt by its victim' : 'could not be done'}`, { cause: error });
  }
}

async function undo(ctx: FaultContext, log: FaultLog, record: FaultRecord, fault: Fault, why: unknown): Promise<void> {
  try {
    await fault.heal({ ...ctx, signal: AbortSignal.timeout(undoTimeoutMs) });
    await log.put({ ...record, endedAt: now() });
  } catch (error) {
    throw new CannotTellError('FAULT_NOT_HEALED', `${fault.kind} on ${fault.target} went wrong and could not be healed: ${describeError(error)}`, {
      cause: why, next: 'try again with: edgeproof fault heal --all; or remove the cluster: edgeproof down',
    });
  }
}

/** Ends one fault, from its record alone. One that has ended is left alone. @throws what its `heal` throws */
export async function healFault(ctx: FaultContext, log: FaultLog, id: string): Promise<FaultRecord> {
  const record = await log.get(id);
  if (record.endedAt !== undefined) return record;
  const healBeganAt = now();
  await faultFromRecord(record).heal(ctx);
  return await log.put({ ...record, healBeganAt, endedAt: now() });
}

/**
 * Ends all faults that have not ended, the last first. One that cannot be healed does not keep the others from it.
 *
 * @param mine which of them; default: all. What somebody else is just doing is theirs to end: ended here, its record would lose what its victim felt.
 * @throws CannotTellError `FAULT_NOT_HEALED` naming those that remain
 */
export async function healAll(ctx: FaultContext, log: FaultLog, mine: (record: FaultRecord) => boolean = () => true): Promise<FaultRecord[]> {
  const healed: FaultRecord[] = [];
  const failed: string[] = [];
  for (const record of (await log.active()).filter(mine).toReversed()) {
    try {
      healed.push(await healFault(ctx, log, record.id));
    } catch (error) {
      failed.push(`${record.kind} on ${record.target}: ${describeError(error)}`);
    }
  }
  if (failed.length === 0) return healed;
  throw new CannotTellError('FAULT_NOT_HEALED', `not healed:\n  ${failed.join('\n  ')}`, { next: 'remove the cluster: edgeproof down' });
}
