import { CannotTellError } from '../../core/errors.ts';
import type { Progress, Step } from '../../core/progress.ts';
import type { Engine } from '../docker/docker.ts';
import { missingHostCapabilities } from './capabilities.ts';
import { findEngine, whyNoEngine } from './find-engine.ts';
import { canInstallPackages, hasPackage, hasProgram, installPackages } from './host-packages.ts';
import { lockEngine, startPrivateEngine, usePrivateEngine } from './private-engine.ts';

/** What an engine of our own needs: Docker, and what the rules call. */
const programs = ['docker', 'dockerd', 'iptables'] as const;

/**
 * A Docker engine that answers: the user's, or else one of our own, installed and started if need be. This process is
 * then one of the latter's users: whoever leaves it last (leavePrivateEngine) ends it.
 *
 * @throws CannotTellError `NEEDS_PACKAGES`, `NO_ENGINE`, `ENGINE_DID_NOT_START`
 */
export async function ensureEngine(progress: Progress, signal?: AbortSignal): Promise<Engine> {
  return await progress.step('Docker engine', async (step) => {
    step.detail('one edgeproof at a time looks for it');
    await using _ = await lockEngine(signal);
    step.detail('looking for one that answers');
    const engine = (await findEngine(signal)) ?? (await ownEngine(step, signal));
    if (engine.private) await usePrivateEngine();
    step.result(`${engine.private ? "edgeproof's own" : 'yours'}, Docker ${engine.version}`);
    return engine;
  });
}

async function ownEngine(step: Step, signal?: AbortSignal): Promise<Engine> {
  if (!(await canInstallPackages())) {
    throw new CannotTellError('NO_ENGINE', `${await whyNoEngine(signal)}, and edgeproof brings an engine of its own only as root on Debian or Ubuntu`, {
      next: 'start Docker (sudo systemctl start docker), install it (https://docs.docker.com/engine/install), or see that this user may use its socket (sudo usermod -aG docker $USER, then log in again)',
    });
  }
  const missing = await Promise.all(programs.map(async (name) => !(await hasProgram(name))));
  if (missing.includes(true)) {
    const options = { detail: step.detail, ...(signal && { signal }) };
    await installPackages(['docker.io', 'iptables'], 'no Docker engine answers', options);
    // From Debian 13 on, the docker program is a package of its own.
    if (!(await hasProgram('docker')) && (await hasPackage('docker-cli'))) await installPackages(['docker-cli'], 'there is no docker program', options);
    // With systemd, Debian's package has started its own engine: two would fight over the firewall.
    const found = (await missingHostCapabilities()).length === 0 ? await findEngine(signal) : undefined;
    if (found !== undefined) return found;
  }
  step.detail('starting one of our own');
  return await startPrivateEngine(signal);
}
