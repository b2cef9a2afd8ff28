import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exec } from '../../core/exec.ts';
import { repositoryRoot } from '../../core/paths.ts';
import { sha256OfFile } from '../../core/sha256.ts';
import type { ContainerImage } from '../../images/containers.ts';

/** Go's and Docker's name for this machine's architecture. */
export const architecture = process.arch === 'x64' ? 'amd64' : process.arch;

export interface ArchiveOptions {
  /** An empty folder to work in; the archive lies in it too. */
  readonly folder: string;
  readonly findProgram: (name: string) => string;
  /** Folders with the files of iptables and busybox (see base-files.ts) and of Node (node-runtime.ts); those that an image asks for. */
  readonly baseFiles: { readonly iptables?: string; readonly busybox?: string; readonly node?: string };
  readonly signal?: AbortSignal;
}

/**
 * Writes container images as one docker-archive (Docker image specification v1.2), without an engine. Each image has
 * one layer, so that containerd can unpack it on top of an overlay; images with the same files share it.
 *
 * @returns the archive's path
 */
export async function writeArchive(images: readonly ContainerImage[], options: ArchiveOptions): Promise<string> {
  const content = join(options.folder, 'archive');
  await mkdir(content);
  const manifest: object[] = [];
  const layers = new Map<string, Layer>();
  for (const [index, image] of images.entries()) {
    const { tags: _, entrypoint: __, ...inside } = image;
    const same = JSON.stringify(inside);
    const layer = layers.get(same) ?? (await writeLayer(image, index, content, options));
    layers.set(same, layer);
    const config = {
      architecture,
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], ...(image.entrypoint && { Entrypoint: image.entrypoint }) },
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
    };
    await writeFile(join(content, `config-${index}.json`), JSON.stringify(config));
    manifest.push({ Config: `config-${index}.json`, RepoTags: image.tags, Layers: [layer.name] });
  }
  await writeFile(join(content, 'manifest.json'), JSON.stringify(manifest));
  const archive = join(options.folder, 'images.tar');
  await exec(['tar', '--create', '--file', archive, '--directory', content, '.'], { timeoutMs: 120_000 });
  return archive;
}

interface Layer {
  /** Of its file in the archive. */
  readonly name: string;
  readonly diffId: string;
}

async function writeLayer(image: ContainerImage, index: number, content: string, options: ArchiveOptions): Promise<Layer> {
  const root = join(options.folder, `root-${index}`);
  await layOut(image, root, options);
  const name = `layer-${index}.tar`;
  const file = join(content, name);
  // Whatever the umask here is, any user may read there.
  await exec(['tar', '--create', '--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=u+rwX,go+rX', '--file', file, '--directory', root, '.'], {
    timeoutMs: 120_000,
    ...(options.signal && { signal: options.signal }),
  });
  return { name, diffId: `sha256:${await sha256OfFile(file)}` };
}

async function layOut(image: ContainerImage, root: string, options: ArchiveOptions): Promise<void> {
  await mkdir(root, { recursive: true });
  const copyTree = async (name: keyof ArchiveOptions['baseFiles']): Promise<void> => {
    const from = options.baseFiles[name];
    if (from === undefined) throw new Error(`${image.tags[0]} wants ${name}, and no folder has it`);
    await exec(['cp', '--archive', `${from}/.`, root]);
  };
  const place = async (path: string, source: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await copyFile(source, join(root, path));
  };
  if (image.iptables) {
    await copyTree('iptables');
    for (const name of ['iptables', 'iptables-save', 'iptables-restore', 'ip6tables', 'ip6tables-save', 'ip6tables-restore']) {
      await copyFile(join(repositoryRoot, 'images', 'containers', 'iptables-wrapper'), join(root, 'usr', 'sbin', name));
    }
  }
  if (image.busybox) await copyTree('busybox');
  if (image.node) await copyTree('node');
  for (const [path, program] of Object.entries(image.programs ?? {})) await place(path, options.findProgram(program));
  for (const [path, source] of Object.entries(image.files ?? {})) await place(path, source);
  for (const [path, target] of Object.entries(image.links ?? {})) await symlink(target, join(root, path));
}
