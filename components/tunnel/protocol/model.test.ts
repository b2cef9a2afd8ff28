import { test } from 'node:test';
import fc from 'fast-check';
import { carryOut, plan } from './testing/model.ts';

test('whatever both ends do, bytes arrive in order and once, streams close once, and all credit comes back', async () => {
  // EDGEPROOF_MODEL_RUNS: for a long search. A failure says how to replay it.
  const numRuns = Number(process.env['EDGEPROOF_MODEL_RUNS'] ?? 80);
  await fc.assert(fc.asyncProperty(plan, carryOut), { numRuns, endOnFailure: false, interruptAfterTimeLimit: numRuns > 80 ? 80_000 : 12_000, markInterruptAsFailure: false });
});
