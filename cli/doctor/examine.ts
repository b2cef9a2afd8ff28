import { describeError, EdgeproofError } from '../../core/errors.ts';
import { findEngine } from '../../harness/engine/find-engine.ts';
import { canInstallPackages } from '../../harness/engine/host-packages.ts';
import { you, type Check, type DoctorContext, type Finding } from './check.ts';
import { hostChecks } from './host.ts';
import { toolChecks } from './tools.ts';

export interface Row extends Finding {
  readonly id: string;
}

/** Looks at everything that edgeproof needs of this machine, and changes nothing. */
export async function examine(signal: AbortSignal, detail: (text: string) => void = () => {}): Promise<Row[]> {
  detail('asking for a Docker engine');
  const context: DoctorContext = { engine: await findEngine(signal), installs: await canInstallPackages(), signal };
  const checks: readonly Check[] = [...hostChecks, ...toolChecks];
  return await Promise.all(checks.map(async ({ id, look }): Promise<Row> => {
    try {
      return { id, ...(await look(context)) };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof EdgeproofError)) throw error;
      return { id, ...you(`could not be looked at: ${error.message.split('\n')[0]}`, error.next ?? 'see why, and run edgeproof doctor again') };
    }
  }));
}

/**
 * Mends what edgeproof may, one after the other.
 *
 * @returns what was tried, each with why it failed if it did
 */
export async function mend(rows: readonly Row[], signal: AbortSignal, detail: (text: string) => void = () => {}): Promise<{ readonly id: string; readonly problem?: string }[]> {
  const tried: { id: string; problem?: string }[] = [];
  for (const { id, fix } of rows) {
    if (fix === undefined) continue;
    detail(id);
    try {
      await fix(signal);
      tried.push({ id });
    } catch (error) {
      signal.throwIfAborted();
      tried.push({ id, problem: describeError(error) });
    }
  }
  return tried;
}
