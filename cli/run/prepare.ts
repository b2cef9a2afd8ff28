import { Docker } from '../../harness/docker/docker.ts';
import { ensureEngine } from '../../harness/engine/engine.ts';
import { leavePrivateEngine } from '../../harness/engine/private-engine.ts';
import { ensureImages, type ImageSet } from '../../harness/images/image-set.ts';
import type { ImagesMode } from '../../harness/images/registry.ts';
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
      await io.progress.step("Leaving edgeproof's own Docker engine", async (step) => step.result((await leavePrivateEngine()) === 'stopped' ? 'stopped' : 'still in use'));
    },
  };
}

export const useImages = async (docker: Docker, mode: ImagesMode, io: Io): Promise<ImageSet> => await ensureImages(docker, mode, io.progress, io.signal);
