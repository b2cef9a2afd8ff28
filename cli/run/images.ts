import { exitCodes } from '../../core/errors.ts';
import { findEngine } from '../../harness/engine/find-engine.ts';
import { Docker } from '../../harness/docker/docker.ts';
import { storedImages } from '../../harness/images/image-store.ts';
import { versions } from '../../images/versions.ts';
import { printJson, type Io } from '../io.ts';
import type { ImagesBuildOptions } from '../options.ts';
import { table } from '../table.ts';
import { useEngine, useImages } from './prepare.ts';

/** `edgeproof images build` */
export async function imagesBuild(options: ImagesBuildOptions, io: Io): Promise<number> {
  await using engine = await useEngine(io);
  const images = await useImages(engine.docker, options.images, io);
  io.stdout.write(`${[images.cloud, images.edge, images.toxiproxy].join('\n')}\n`);
  return exitCodes.pass;
}

/** `edgeproof images list` */
export async function imagesList({ json }: { readonly json: boolean }, io: Io): Promise<number> {
  const engine = await findEngine(io.signal);
  const images = engine === undefined ? [] : await storedImages(new Docker(engine));
  if (json) printJson(io, { engine: engine?.host ?? null, versions, images });
  else if (engine === undefined) io.stdout.write("No Docker engine runs, so it cannot be asked; images of edgeproof's own engine are kept while it is stopped.\n");
  else if (images.length === 0) io.stdout.write('No images yet: edgeproof images build\n');
  else io.stdout.write(`${table(['image', 'size', 'created'], images.map(({ name, bytes, created }) => [name, `${Math.round(bytes / 1e6)} MB`, created.slice(0, 16)]))}\n`);
  return exitCodes.pass;
}
