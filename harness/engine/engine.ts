import type { Progress } from '../../core/progress.ts';
import type { Engine } from '../docker/docker.ts';
import { findEngine } from './find-engine.ts';
import { canInstallPackages, hasProgram, installPackages } from './host-packages.ts';
import { startPrivateEngine } from './private-engine.ts';
import { CannotTellError } from '../../core/errors.ts';

/** Debian's engine, and what the runtime wrapper and the builds call. */
const packages = ['docker.io', 'iptables', 'jq'];

/**
 * A Docker engine that answers: the user's, or else one of our own, installed first if need be.
 *
 * @returns the engine, and whether this call started it (who starts one stops it again)
 * @throws CannotTellError `NEEDS_PACKAGES`, `NO_ENGINE`, `ENGINE_DID_NOT_START`
 */
export async function ensureEngine(progress: Progress, signal?: AbortSignal): Promise<{ engine: Engine; started: boolean }> {
  return await progress.step('Docker engine', async (step) => {
    const found = await findEngine(signal);
    if (found !== undefined) {
      step.detail(`${found.private ? "edgeproof's own" : 'yours'}, Docker ${found.version}`);
      return { engine: found, started: false };
    }
    if (!(await hasProgram('dockerd')) || !(await hasProgram('jq')) || !(await hasProgram('iptables'))) {
      await installPackages(packages, 'no Docker engine answers', { detail: step.detail, ...(signal && { signal }) });
    }
    if (!(await canInstallPackages())) {
      throw new CannotTellError('NO_ENGINE', 'no Docker engine answers, and only root on Debian or Ubuntu can be given one', {
        next: 'start Docker (for example `sudo systemctl start docker`), or see that this user may use its socket',
      });
    }
    step.detail('starting one of our own');
    return { engine: await startPrivateEngine(signal), started: true };
  });
}
