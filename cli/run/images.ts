import { exitCodes } from '../../core/errors.ts';
import { findEngine } from '../../harness/engine/find-engine.ts';
import { Docker } from '../../harness/docker/docker.ts';
import { silentProgress } from '../../core/progress.ts';
import { builtImages, pulledNodeImage } from '../../harness/images/image-names.ts';
import { derivedImages, type NodeImages } from '../../harness/images/implementation-images.ts';
import { storedImages } from '../../harness/images/image-store.ts';
import { implementationNames, loadImplementation } from '../../implementations/load.ts';
import { versions } from '../../images/versions.ts';
import { printJson, type Io } from '../io.ts';
import type { ImagesBuildOptions } from '../options.ts';
import { table } from '../../core/table.ts';
import { useEngine, useImages } from './prepare.ts';

/** `edgeproof images build` */
export async function imagesBuild(options: ImagesBuildOptions, io: Io): Promise<number> {
  await using engine = await useEngine(io);
  const images = await useImages(engine.docker, options.images, await loadImplementation(options.implementation), io);
  io.stdout.write(`${[...new Set([images.cloud, images.edge, images.toxiproxy])].join('\n')}\n`);
  return exitCodes.pass;
}

/** The images that this checkout is made of: the plain ones, and those of every implementation that brings some. */
async function currentImages(base: NodeImages, others: readonly string[], signal: AbortSignal): Promise<string[]> {
  const current = new Set([base.cloud, base.edge, ...others]);
  for (const name of await implementationNames()) {
    const images = (await (await loadImplementation(name)).images?.({ progress: silentProgress, signal })) ?? [];
    for (const image of Object.values(await derivedImages(base, name, images))) current.add(image);
  }
  return [...current];
}

interface ListedImage {
  readonly name: string;
  readonly state: string;
  readonly bytes?: number;
  readonly created?: string;
}

/** `edgeproof images list` */
export async function imagesList({ json }: { readonly json: boolean }, io: Io): Promise<number> {
  const engine = await findEngine(io.signal);
  const stored = engine === undefined ? [] : await storedImages(new Docker(engine));
  const pulledNode = await pulledNodeImage();
  const { rootfs, toxiproxy, ...built } = await builtImages();
  const fromBuilt = await currentImages(built, [rootfs, toxiproxy], io.signal);
  const fromPulled = await currentImages({ cloud: pulledNode, edge: pulledNode }, [rootfs], io.signal);
  const isThere = (image: string): boolean => stored.some(({ name }) => name === image);
  const missing = (isThere(pulledNode) && !isThere(built.cloud) ? fromPulled : fromBuilt).filter((image) => !isThere(image));
  const images: readonly ListedImage[] = [
    ...stored.map((image) => ({ ...image, state: [...fromBuilt, ...fromPulled].includes(image.name) ? 'current' : 'superseded' })),
    ...missing.map((name) => ({ name, state: engine === undefined ? 'unknown' : 'not built' })),
  ];
  if (json) {
    printJson(io, { engine: engine?.host ?? null, versions, images });
    return exitCodes.pass;
  }
  const rows = images.map(({ name, state, bytes, created = '' }) => [name, state, bytes === undefined ? '' : `${Math.round(bytes / 1e6)} MB`, created.slice(0, 16)]);
  io.stdout.write(`${table(['image', 'state', 'size', 'created'], rows)}\n`);
  if (engine === undefined) io.stderr.write("No Docker engine runs, so it cannot be asked. What edgeproof's own engine has stays while it is stopped.\n");
  return exitCodes.pass;
}
