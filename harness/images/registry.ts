import { allDone } from '../../core/all-done.ts';
import type { Progress } from '../../core/progress.ts';
import { CannotTellError, describeError } from '../../core/errors.ts';
import { upstream } from '../../images/versions.ts';
import type { Docker } from '../docker/docker.ts';
import { builtImages } from './image-names.ts';
import { hasImage } from './image-store.ts';

const imagesModes = ['auto', 'build', 'pull'] as const;
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
    // Not asked where the answer is on disk already. A network that swallows packets would take its seconds each time.
    const has = async (...images: readonly string[]): Promise<boolean> => (await allDone(images.map(async (image) => await hasImage(docker, image)))).every(Boolean);
    if (await has(upstream.node)) {
      step.result('not needed: the upstream node image is here');
      return 'pull' as const;
    }
    const { cloud, edge } = await builtImages();
    if (await has(cloud, edge)) {
      step.result('not needed: the node images were built here before');
      return 'build' as const;
    }
    let late = false;
    const answer = await docker
      .run(['pull', '--quiet', upstream.canary], { timeoutMs: canaryTimeoutMs, accept: 'any', ...(signal && { signal }) })
      .catch(() => {
        late = true;
        return undefined;
      });
    signal?.throwIfAborted();
    const source = answer?.code === 0 ? 'pull' : 'build';
    const none = late ? `no small image came within ${canaryTimeoutMs / 1000} s` : 'none answers';
    step.result(source === 'pull' ? 'one answers: pulling' : `${none}: building from Go modules and Debian packages`);
    return source;
  });
}

/** Pulls images that are not there yet. @throws CannotTellError `PULL_FAILED`; `DISK_FULL`, where building would only fail later */
export async function ensureUpstream(docker: Docker, images: readonly string[], progress: Progress, signal?: AbortSignal): Promise<void> {
  for (const image of images) {
    if (await hasImage(docker, image)) continue;
    await progress.step(`Pulling ${image}`, async (step) => {
      await docker.run(['pull', image], { timeoutMs: 20 * 60_000, onLine: step.detail, ...(signal && { signal }) }).catch((error: unknown) => {
        signal?.throwIfAborted();
        if (describeError(error).includes('no space left on device')) {
          throw new CannotTellError('DISK_FULL', `${image} could not be pulled: the disk of the Docker engine is full`, { cause: error, next: 'make room: docker system df; docker image prune' });
        }
        throw new CannotTellError('PULL_FAILED', `${image} could not be pulled`, { cause: error, next: 'check the network, or build everything here: --images build' });
      });
    });
  }
}

/**
 * Pulls; where nobody asked for pulled images (`auto`), and a registry answers but does not give all of them (it lacks
 * one, it limits the rate, another registry is cut off), builds instead and says why.
 *
 * @throws CannotTellError `PULL_FAILED` when pulling was asked for; whatever `build` throws
 */
export async function pullOrBuild<T>(mode: ImagesMode, pull: () => Promise<T>, build: () => Promise<T>, progress: Progress): Promise<{ readonly source: 'build' | 'pull'; readonly made: T }> {
  try {
    return { source: 'pull', made: await pull() };
  } catch (error) {
    if (mode !== 'auto' || !(error instanceof CannotTellError) || error.code !== 'PULL_FAILED') throw error;
    const why = describeError(error).split('\n').filter((line) => !line.startsWith('  next: '));
    progress.line([...why, 'Building everything here instead.'].join('\n'));
    return { source: 'build', made: await build() };
  }
}
