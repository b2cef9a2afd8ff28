import { access, stat } from 'node:fs/promises';
import { constants } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { CannotTellError, exitCodes, UsageError } from '../../core/errors.ts';
import { findEngine } from '../../harness/engine/find-engine.ts';
import { Docker } from '../../harness/docker/docker.ts';
import { silentProgress } from '../../core/progress.ts';
import { builtImages, pulledNodeImage } from '../../harness/images/image-names.ts';
import { programsFolder } from '../../harness/images/go-programs.ts';
import type { ImagesMode } from '../../harness/images/registry.ts';
import { exportImages, importImages } from '../../harness/images/transfer.ts';
import { wanPrograms } from '../../images/programs.ts';
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

/** What clusters of all implementations are made of, made sure to be there. */
async function everything(docker: Docker, mode: ImagesMode, io: Io): Promise<{ readonly images: string[]; readonly programs: string[] }> {
  const images = new Set<string>();
  const programs = new Set<string>();
  for (const name of await implementationNames()) {
    const set = await useImages(docker, mode, await loadImplementation(name), io);
    for (const image of [set.rootfs, set.edge, set.cloud, set.toxiproxy]) images.add(image);
    for (const folder of [...set.programs, dirname(set.tools.kind), dirname(set.tools.kubectl), await programsFolder(wanPrograms)]) programs.add(folder);
  }
  const there = await Promise.all([...programs].map(async (folder) => ({ folder, is: await access(folder).then(() => true, () => false) })));
  return { images: [...images], programs: there.filter(({ is }) => is).map(({ folder }) => folder) };
}

/** Before anything is built for it. @throws UsageError */
async function demandNoFolder(path: string, next: string): Promise<void> {
  const folder = await stat(path).then((found) => found.isDirectory(), () => false);
  if (folder) throw new UsageError(`${path} is a folder`, { next });
}

/** `edgeproof images export` */
export async function imagesExport(file: string, options: Pick<ImagesBuildOptions, 'images'>, io: Io): Promise<number> {
  const path = resolve(io.cwd, file);
  await demandNoFolder(path, 'name a file in it');
  await access(dirname(path), constants.W_OK).catch((cause: unknown) => { throw new UsageError(`${dirname(path)} is no folder that can be written to`, { cause, next: 'name a file in one that is' }); });
  await using engine = await useEngine(io);
  const { images, programs } = await everything(engine.docker, options.images, io);
  await exportImages(path, { images, programs }, { docker: engine.docker, progress: io.progress, signal: io.signal });
  io.stdout.write(`${path}\nOn the other machine, with this version of edgeproof and its npm packages: edgeproof images import ${basename(path)}\n`);
  return exitCodes.pass;
}

/** `edgeproof images import` */
export async function imagesImport(file: string, io: Io): Promise<number> {
  const path = resolve(io.cwd, file);
  await demandNoFolder(path, 'name a file that edgeproof images export made');
  await access(path, constants.R_OK).catch((cause: unknown) => { throw new UsageError(`${file} cannot be read`, { cause, next: 'name a file that edgeproof images export made' }); });
  await using engine = await useEngine(io);
  const { images } = await importImages(path, { docker: engine.docker, progress: io.progress, signal: io.signal });
  const { rootfs, toxiproxy, ...built } = await builtImages();
  const stored = await storedImages(engine.docker);
  const missing = (await currentImages(built, [rootfs, toxiproxy], io.signal)).filter((image) => !stored.some(({ name }) => name === image));
  io.stdout.write(`${images.join('\n')}\n`);
  if (missing.length === 0) return exitCodes.pass;
  throw new CannotTellError('IMAGES_OF_ANOTHER_VERSION', `this version of edgeproof needs others: ${missing.join(', ')}`, { next: 'export with the same version of edgeproof, or build what is missing: edgeproof images build' });
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
