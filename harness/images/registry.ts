import type { Progress } from '../../core/progress.ts';
import { CannotTellError } from '../../core/errors.ts';
import { upstream } from '../../images/versions.ts';
import type { Docker } from '../docker/docker.ts';
import { hasImage } from './image-store.ts';

export const imagesModes = ['auto', 'build', 'pull'] as const;
/** Where images come from: `auto` pulls when a registry answers within seconds, else builds. */
export type ImagesMode = (typeof imagesModes)[number];

/** A registry that does not answer a small pull in this time is as good as none. */
const canaryTimeoutMs = 8_000;

interface Context {
  readonly docker: Docker;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** Decides between building and pulling. */
export async function resolveMode(mode: ImagesMode, { docker, progress, signal }: Context): Promise<'build' | 'pull'> {
  if (mode !== 'auto') return mode;
  return await progress.step('Asking for an image registry', async (step) => {
    // Not asked again where the answer is on disk already: a pulled node image stays.
    if (await hasImage(docker, upstream.node)) return 'pull' as const;
    const answer = await docker
      .run(['pull', '--quiet', upstream.canary], { timeoutMs: canaryTimeoutMs, accept: 'any', ...(signal && { signal }) })
      .catch(() => undefined);
    signal?.throwIfAborted();
    const source = answer?.code === 0 ? 'pull' : 'build';
    step.result(source === 'pull' ? 'one answers: pulling' : 'none answers: building from Go modules and Debian packages');
    return source;
  });
}

/** Pulls images that are not there yet. @throws CannotTellError `PULL_FAILED` */
export async function ensureUpstream(docker: Docker, images: readonly string[], progress: Progress, signal?: AbortSignal): Promise<void> {
  for (const image of images) {
    if (await hasImage(docker, image)) continue;
    await progress.step(`Pulling ${image}`, async (step) => {
      await docker.run(['pull', image], { timeoutMs: 20 * 60_000, onLine: step.detail, ...(signal && { signal }) }).catch((error: unknown) => {
        signal?.throwIfAborted();
        throw new CannotTellError('PULL_FAILED', `${image} could not be pulled`, { cause: error, next: 'check the network, or build everything here: --images build' });
      });
    });
  }
}
