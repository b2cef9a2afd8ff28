import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { allDone } from '../../core/all-done.ts';
import { leftFile } from '../../reports/left.ts';
import type { Session } from './session.ts';
import type { EdgeWorld } from './world.ts';

/** Whether what a failed scenario leaves is to stay for somebody to look at: nothing begins after it then. */
export const leavesFailures = (): boolean => process.env['EDGEPROOF_LEAVE'] === '1';

/** Notes what a scenario leaves: its namespace, and its faults, which the cluster's log has too. What it has going on nodes ends: Cucumber would wait for it. */
export async function leaveAsItIs(world: EdgeWorld, { runDir }: Session, promise: string): Promise<void> {
  const faults = [...world.faultRecords.values()].filter(({ endedAt }) => endedAt === undefined).map(({ id }) => id);
  await writeFile(join(runDir, leftFile(promise)), `${JSON.stringify({ promise, namespace: world.namespace, faults })}\n`);
  await allDone([...world.streams.values()].map(async (stream) => await stream[Symbol.asyncDispose]()));
}
