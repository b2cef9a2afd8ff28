import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { allDone } from '../../core/all-done.ts';
import { repositoryRoot } from '../../core/paths.ts';
import type { Progress } from '../../core/progress.ts';
import type { Tier } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import type { Implementation, ImplementationImage } from '../implementation.ts';
import { takeBaseFiles } from './base-files.ts';
import { contentTag } from './content-tag.ts';
import { writeArchive, type ArchiveOptions } from './image-archive.ts';
import type { ImageSet } from './image-set.ts';
import { hasImage } from './image-store.ts';
import { finder } from './node-files.ts';
import { buildNodeImage } from './node-image.ts';
import { nodeRuntimeIdentity, takeNodeRuntime } from './node-runtime.ts';
import { pruneImages } from './prune.ts';
import { workFolder } from './work-folder.ts';

/** Node images by tier. */
export type NodeImages = Readonly<Record<Tier, string>>;

const tiers: readonly Tier[] = ['cloud', 'edge'];

/** What makes a node image besides its base, whose name stands for how container images are written and imported. */
const recipe = ['harness/images/implementation-images.ts', 'harness/images/node-runtime.ts', 'harness/images/strip.ts'].map((path) => join(repositoryRoot, path));

const ofTier = (images: readonly ImplementationImage[], tier: Tier): ImplementationImage[] => images.filter((image) => image.tiers.includes(tier));

/**
 * The node images of an implementation: the base where it brings nothing, else a name that follows from the base and the
 * content of what it brings.
 */
export async function derivedImages(base: NodeImages, implementation: string, images: readonly ImplementationImage[]): Promise<NodeImages> {
  const name = async (tier: Tier): Promise<string> => {
    const brought = ofTier(images, tier);
    if (brought.length === 0) return base[tier];
    const words = [base[tier], ...(brought.some(({ node }) => node) ? [await nodeRuntimeIdentity()] : [])];
    // Where files lie on this host is nobody's business; what is in them comes with the paths.
    for (const { tiers: _, files = {}, ...rest } of brought) words.push(JSON.stringify({ ...rest, files: Object.keys(files) }));
    const paths = [...recipe, ...brought.flatMap(({ files = {} }) => Object.values(files))];
    return `edgeproof/${tier}-node-${implementation}:${await contentTag({ words, paths })}`;
  };
  return { cloud: await name('cloud'), edge: await name('edge') };
}

interface Context {
  readonly docker: Docker;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Makes sure that an implementation's node images are there. @returns the set with them in place of the plain ones */
export async function ensureImplementationImages(set: ImageSet, implementation: Implementation, context: Context): Promise<ImageSet> {
  if (implementation.images === undefined) return set;
  return await context.progress.step(`Images of ${implementation.name}`, async (step) => {
    const inner = { ...context, progress: step };
    const images = (await implementation.images?.(inner)) ?? [];
    const derived = await derivedImages(set, implementation.name, images);
    const missing: Tier[] = [];
    for (const tier of tiers) if (!(await hasImage(context.docker, derived[tier]))) missing.push(tier);
    if (missing.length > 0) {
      await build(set, images, derived, missing, inner);
      await pruneImages(context.docker, tiers.map((tier) => derived[tier]).filter((name) => name !== set.cloud && name !== set.edge));
    }
    step.result(missing.length > 0 ? 'built here' : 'there already');
    return { ...set, ...derived };
  });
}

async function build(base: ImageSet, images: readonly ImplementationImage[], derived: NodeImages, missing: readonly Tier[], context: Context): Promise<void> {
  const { docker, progress, signal } = context;
  await using work = await workFolder('derived');
  const wanted = images.filter((image) => missing.some((tier) => image.tiers.includes(tier)));
  const baseFiles = await takeWhatIsAsked(docker, base.rootfs, wanted, join(work.path, 'base'), signal);
  // Side by side: each waits for its containerd and for the disk most of the time.
  await allDone(missing.map(async (tier) => await progress.step(`Node image (${tier})`, async (step) => {
    const folder = join(work.path, tier);
    await mkdir(folder);
    step.detail('writing the container images');
    const archive = await writeArchive(ofTier(images, tier), { folder, baseFiles, findProgram: finder(base.programs), signal });
    await buildNodeImage({ docker, step, base: base[tier], image: derived[tier], archives: [archive], folder, signal });
  })));
}

async function takeWhatIsAsked(docker: Docker, rootfs: string, images: readonly ImplementationImage[], folder: string, signal: AbortSignal): Promise<ArchiveOptions['baseFiles']> {
  const node = join(folder, 'node');
  const base = images.some(({ iptables, busybox }) => iptables ?? busybox) ? await takeBaseFiles(docker, rootfs, folder, signal) : {};
  if (!images.some((image) => image.node)) return base;
  await takeNodeRuntime(docker, rootfs, node, signal);
  return { ...base, node };
}
