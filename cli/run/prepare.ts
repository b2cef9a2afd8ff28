import { Docker } from '../../harness/docker/docker.ts';
import { ensureEngine } from '../../harness/engine/engine.ts';
import { leavePrivateEngine } from '../../harness/engine/private-engine.ts';
import { ensureImages, type ImageSet } from '../../harness/images/image-set.ts';
import { ensureImplementationImages } from '../../harness/images/implementation-images.ts';
import type { ImagesMode } from '../../harness/images/registry.ts';
import type { Implementation } from '../../harness/implementation.ts';
import type { Io } from '../io.ts';

/** An engine for as long as it is needed: edgeproof's own ends with its last user, unless a container runs on it. */
export interface UsedEngine extends AsyncDisposable {
  readonly docker: Docker;
}

/** @throws CannotTellError */
export async function useEngine(io: Io): Promise<UsedEngine> {
  const engine = await ensureEngine(io.progress, io.signal);
  return {
    docker: new Docker(engine),
    [Symbol.asyncDispose]: async () => {
      if (!engine.private) return;
      await io.progress.step("Leaving edgeproof's own Docker engine", async (step) => {
        const left = await leavePrivateEngine();
        step.result(left === 'stopped' ? 'stopped' : left === 'killed' ? 'somebody has killed it, and its containers run on: edgeproof down --all removes them' : 'still in use');
      });
    },
  };
}

/** What a cluster with this implementation is made of. @throws CannotTellError, ExecError */
export async function useImages(docker: Docker, mode: ImagesMode, implementation: Implementation, io: Io): Promise<ImageSet> {
  const set = await ensureImages(docker, mode, io.progress, io.signal);
  return await ensureImplementationImages(set, implementation, { docker, progress: io.progress, signal: io.signal });
}
