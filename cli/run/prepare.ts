import { Docker } from '../../harness/docker/docker.ts';
import { ensureEngine } from '../../harness/engine/engine.ts';
import { stopPrivateEngine } from '../../harness/engine/private-engine.ts';
import { ensureImages, type ImageSet } from '../../harness/images/image-set.ts';
import type { ImagesMode } from '../../harness/images/registry.ts';
import { EdgeproofError } from '../../core/errors.ts';
import type { Io } from '../io.ts';

/** An engine for as long as it is needed: one that this process started is stopped again, unless something runs on it. */
export interface UsedEngine extends AsyncDisposable {
  readonly docker: Docker;
  /** Leaves the engine running at the end. */
  keep(): void;
}

/** @throws CannotTellError */
export async function useEngine(io: Io): Promise<UsedEngine> {
  const { engine, started } = await ensureEngine(io.progress, io.signal);
  let stop = started;
  return {
    docker: new Docker(engine),
    keep: () => { stop = false; },
    [Symbol.asyncDispose]: async () => {
      if (!stop) return;
      await io.progress.step("Stopping edgeproof's own Docker engine", async (step) => {
        await stopPrivateEngine().catch((error: unknown) => {
          // Another edgeproof works on it by now: that one stops it.
          if (error instanceof EdgeproofError && error.code === 'ENGINE_BUSY') return step.result('still in use');
          throw error;
        });
      });
    },
  };
}

export const useImages = async (docker: Docker, mode: ImagesMode, io: Io): Promise<ImageSet> => await ensureImages(docker, mode, io.progress, io.signal);
