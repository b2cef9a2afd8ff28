import { basename, join } from 'node:path';
import { repositoryRoot } from '../../core/paths.ts';
import { nodePrograms, overlayPrograms, pulledPrograms, wanPrograms } from '../../images/programs.ts';
import { upstream } from '../../images/versions.ts';
import { contentTag } from './content-tag.ts';
import { programsFolder } from './go-programs.ts';
import { rootfsImage } from './rootfs.ts';
import { toxiproxyImage } from './toxiproxy-image.ts';

/** The files whose change changes a node image. Programs have tags of their own, in their folders' names. */
const nodeRecipe = async (words: readonly string[]): Promise<string> =>
  await contentTag({
    words: [...words, process.arch],
    paths: ['images/containers.ts', 'images/containers', 'harness/images/image-archive.ts', 'harness/images/base-files.ts', 'harness/images/node-files.ts', 'harness/images/node-image.ts'].map((path) => join(repositoryRoot, path)),
  });

/** Names of the images that this checkout builds: each follows from the content of its recipe, nothing is built to know it. */
export async function builtImages(): Promise<{ readonly cloud: string; readonly edge: string; readonly rootfs: string; readonly toxiproxy: string }> {
  const [overlay, programs, wan, rootfs] = await Promise.all([programsFolder(overlayPrograms), programsFolder(nodePrograms), programsFolder(wanPrograms), rootfsImage()]);
  // By their names alone: where they lie is of this machine, and an image that is brought here from another must have the name that it is looked for by.
  const tag = await nodeRecipe([rootfs, basename(overlay), basename(programs)]);
  return { cloud: `edgeproof/cloud-node:${tag}`, edge: `edgeproof/edge-node:${tag}`, rootfs, toxiproxy: toxiproxyImage(wan) };
}

/** The name of what is made of the upstream node image. */
export async function pulledNodeImage(): Promise<string> {
  return `edgeproof/node:${await nodeRecipe([upstream.node, await rootfsImage(), basename(await programsFolder(overlayPrograms)), basename(await programsFolder(pulledPrograms))])}`;
}
