import { exitCodes } from '../../core/errors.ts';
import { findEngine } from '../../harness/engine/find-engine.ts';
import { Docker } from '../../harness/docker/docker.ts';
import { silentProgress } from '../../core/progress.ts';
import { builtImages } from '../../harness/images/image-names.ts';
import { derivedImages } from '../../harness/images/implementation-images.ts';
import { storedImages } from '../../harness/images/image-store.ts';
import { implementationNames, loadImplementation } from '../../implementations/load.ts';
import { versions } from '../../images/versions.ts';
import { printJson, type Io } from '../io.ts';
import type { ImagesBuildOptions } from '../options.ts';
import { table } from '../table.ts';
import { useEngine, useImages } from './prepare.ts';

/** `edgeproof images build` */
export async function imagesBuild(options: ImagesBuildOptions, io: Io): Promise<number> {
  await using engine = await useEngine(io);
  const images = await useImages(engine.docker, options.images, await loadImplementation(options.implementation), io);
  io.stdout.write(`${[images.cloud, images.edge, images.toxiproxy].join('\n')}\n`);
  return exitCodes.pass;
}

/** The images that this checkout is made of: the plain ones, and those of every implementation that brings some. */
async function currentImages(signal: AbortSignal): Promise<string[]> {
  const plain = await builtImages();
  const current = new Set(Object.values(plain));
  for (const name of await implementationNames()) {
    const images = (await (await loadImplementation(name)).images?.({ progress: silentProgress, signal })) ?? [];
    for (const image of Object.values(await derivedImages(plain, name, images))) current.add(image);
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
  const current = await currentImages(io.signal);
  const stored = engine === undefined ? [] : await storedImages(new Docker(engine));
  const images: readonly ListedImage[] = [
    ...stored.map((image) => ({ ...image, state: current.includes(image.name) ? 'current' : 'superseded' })),
    ...current.filter((name) => !stored.some((image) => image.name === name)).map((name) => ({ name, state: engine === undefined ? 'unknown' : 'not built' })),
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
