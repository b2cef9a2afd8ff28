import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '../../core/progress.ts';
import { together } from '../../core/together.ts';
import { cloudContainers, edgeContainers, overlayContainers } from '../../images/containers.ts';
import { kubectlProgram, nodePrograms, overlayPrograms, pulledPrograms, toolPrograms, wanPrograms } from '../../images/programs.ts';
import { upstream } from '../../images/versions.ts';
import type { Tier } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import { takeBaseFiles } from './base-files.ts';
import { builtImages, pulledNodeImage } from './image-names.ts';
import { buildGroups } from './go-programs.ts';
import { writeArchive } from './image-archive.ts';
import { hasImage } from './image-store.ts';
import { copyKubectl, finder, nodeFiles, upstreamNodeChange, upstreamNodeFiles } from './node-files.ts';
import { buildNodeImage } from './node-image.ts';
import { pruneImages, prunePrograms } from './prune.ts';
import { ensureUpstream, type ImagesMode, pullOrBuild, resolveMode } from './registry.ts';
import { buildRootfs } from './rootfs.ts';
import { buildToxiproxyImage } from './toxiproxy-image.ts';
import { workFolder } from './work-folder.ts';

/** What a cluster is made of. */
export interface ImageSet {
  readonly source: 'build' | 'pull';
  readonly cloud: string;
  readonly edge: string;
  readonly toxiproxy: string;
  /** The root file system that container images take what they need of Debian from. */
  readonly rootfs: string;
  /** Folders of programs for container images. */
  readonly programs: readonly string[];
  /** Folder with `kind` and `kubectl` for this host. */
  readonly tools: { readonly kind: string; readonly kubectl: string };
}

interface Context {
  readonly docker: Docker;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** Makes sure that every image and program a cluster needs is there: nothing is built twice. @throws CannotTellError, ExecError */
export async function ensureImages(docker: Docker, mode: ImagesMode, progress: Progress, signal?: AbortSignal): Promise<ImageSet> {
  return await progress.step('Images', async (step) => {
    const context: Context = { docker, progress: step, ...(signal && { signal }) };
    const chosen = await resolveMode(mode, context);
    const { source, made } = chosen === 'build' ? { source: chosen, made: await build(context) } : await pullOrBuild(mode, async () => await pull(context), async () => await build(context), step);
    step.result(source === 'build' ? 'built here' : 'from registries');
    return { source, ...made };
  });
}

async function build(context: Context): Promise<Omit<ImageSet, 'source'>> {
  const { docker, progress, signal } = context;
  // kind first, as it is small: meanwhile the modules of a node come. What takes longest to link is the first of its module.
  const [[tools, wan, programs, host, overlay], rootfs] = await together([
    async (either) => await buildGroups([toolPrograms, wanPrograms, nodePrograms, kubectlProgram, overlayPrograms], progress, either),
    async (either) => await buildRootfs(docker, progress, either),
  ], signal);
  const toxiproxy = await buildToxiproxyImage(docker, wan, progress, signal);
  const { edge, cloud } = await builtImages();
  const set = { edge, cloud, toxiproxy, rootfs, programs: [overlay, programs], tools: { kind: join(tools, 'kind'), kubectl: join(host, 'kubectl') } };
  if ((await hasImage(docker, edge)) && (await hasImage(docker, cloud))) return set;

  await progress.step('Node images', async (step) => {
    await using work = await workFolder('node');
    const baseFiles = await takeBaseFiles(docker, rootfs, join(work.path, 'base'), signal);
    const folderOf = (tier: Tier): string => join(work.path, tier);
    const archive = async (tier: Tier, images: typeof edgeContainers, aborted: AbortSignal): Promise<string> => {
      await mkdir(folderOf(tier));
      step.detail(`writing the container images of ${tier} nodes`);
      return await writeArchive(images, { folder: folderOf(tier), baseFiles, findProgram: finder([overlay, programs]), signal: aborted });
    };
    const common = { docker, step };
    const [, cloudArchive] = await together([
      async (either) => await buildNodeImage({ ...common, signal: either, base: rootfs, image: edge, files: nodeFiles(overlay, programs), archives: [await archive('edge', edgeContainers, either)], folder: folderOf('edge') }),
      async (either) => await archive('cloud', cloudContainers, either),
    ], signal);
    await buildNodeImage({ ...common, ...(signal && { signal }), base: edge, image: cloud, archives: [cloudArchive], folder: folderOf('cloud') });
  });
  await pruneImages(docker, [edge, cloud, toxiproxy, rootfs]);
  await prunePrograms([overlay, programs, host]);
  return set;
}

/** An upstream node image already has Kubernetes; it gets flannel's CNI plugins, busybox and our container images. */
async function pull(context: Context): Promise<Omit<ImageSet, 'source'>> {
  const { docker, progress, signal } = context;
  const [, [tools, overlay, pulled], rootfs] = await together([
    async (either) => await ensureUpstream(docker, [upstream.node, upstream.toxiproxy], progress, either),
    async (either) => await buildGroups([toolPrograms, overlayPrograms, pulledPrograms], progress, either),
    async (either) => await buildRootfs(docker, progress, either),
  ], signal);
  const node = await pulledNodeImage();
  if (!(await hasImage(docker, node))) {
    await progress.step('Node image', async (step) => {
      await using work = await workFolder('node');
      const baseFiles = await takeBaseFiles(docker, rootfs, join(work.path, 'base'), signal);
      const archive = await writeArchive(overlayContainers, { folder: work.path, baseFiles, findProgram: finder([overlay, pulled]), ...(signal && { signal }) });
      await buildNodeImage({ docker, step, base: upstream.node, image: node, files: upstreamNodeFiles(overlay, baseFiles), change: upstreamNodeChange, archives: [archive], folder: work.path, ...(signal && { signal }) });
    });
    await pruneImages(docker, [node]);
  }
  return { edge: node, cloud: node, toxiproxy: upstream.toxiproxy, rootfs, programs: [overlay, pulled], tools: { kind: join(tools, 'kind'), kubectl: await copyKubectl(docker, node) } };
}
