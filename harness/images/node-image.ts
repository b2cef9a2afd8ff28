import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join, relative } from 'node:path';
import { exec } from '../../core/exec.ts';
import type { Step } from '../../core/progress.ts';
import { waitFor } from '../../core/wait.ts';
import type { Docker } from '../docker/docker.ts';
import { labelArgs, ownedLabel } from '../cluster/labels.ts';

/** How a node container starts; `docker commit` would otherwise keep what the building container ran. */
const nodeConfig = ['ENV container=docker', 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]', 'CMD []'];

/** Files to add to a node's root file system: path → file on this host, and path → link target. */
export interface NodeFiles {
  readonly files: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly texts?: Readonly<Record<string, string>>;
  /** Which of the files one of the archives' images has too, at the same path: they are in the node image once. */
  readonly shared?: readonly string[];
}

export interface NodeImageOptions {
  readonly docker: Docker;
  readonly base: string;
  readonly image: string;
  readonly files?: NodeFiles;
  /** A shell script that changes what is in the base: runs in the building container. */
  readonly change?: string;
  /** docker-archives in {@link folder} whose images the node has from the start. */
  readonly archives: readonly string[];
  /** Has the archives; the building container sees all of it. */
  readonly folder: string;
  readonly step: Step;
  readonly signal?: AbortSignal;
}

/** Makes a node image out of another: adds files, imports container images with its own containerd, commits. */
export async function buildNodeImage(options: NodeImageOptions): Promise<void> {
  const { docker, step } = options;
  const run = { timeoutMs: 300_000, ...(options.signal && { signal: options.signal }) };
  const name = `edgeproof-build-${randomBytes(4).toString('hex')}`;
  // Mounted: `docker cp` would take hundreds of megabytes through the engine, and what is mounted is not committed.
  const entry = ['--entrypoint', '/bin/sh', '--privileged', '--network', 'none', '--tmpfs', '/run', '--volume', `${options.folder}:/mnt:ro`,
    // systemd's signal for "halt"; commit keeps it, and takes it in no other way.
    '--stop-signal', 'SIGRTMIN+3'];
  await docker.run(['create', '--name', name, ...labelArgs({ [ownedLabel]: 'image' }), ...entry, options.base, '-euc', startScript], run);
  try {
    step.detail('copying programs');
    await stage(options.files ?? { files: {} }, join(options.folder, 'stage'));
    await docker.run(['start', name], run);
    await waitFor('containerd answers in the building container', async (signal) => {
      const { code, stderr } = await docker.exec(name, ['ctr', 'version'], { accept: 'any', signal });
      return code === 0 ? { done: true } : { missing: stderr.trim() };
    }, { timeoutMs: 60_000, ...(options.signal && { signal: options.signal }) });
    if (options.change !== undefined) await docker.exec(name, ['sh', '-euc', options.change], run);
    for (const archive of options.archives) {
      step.detail('importing container images');
      await docker.exec(name, ['ctr', '--namespace', 'k8s.io', 'images', 'import', '--local', '--discard-unpacked-layers', join('/mnt', relative(options.folder, archive))], run);
    }
    if (options.archives.length > 0) await collectGarbage(docker, name);
    for (const path of options.files?.shared ?? []) await docker.exec(name, ['sh', '-euc', shareScript, 'sh', path], run);
    step.detail('committing');
    await docker.run(['kill', '--signal', 'TERM', name], run);
    await docker.run(['wait', name], run);
    await docker.run(['commit', ...nodeConfig.flatMap((change) => ['--change', change]), name, options.image], run);
  } finally {
    await docker.run(['rm', '--force', '--volumes', name], { accept: 'any', timeoutMs: 60_000 });
  }
}

/** Lays the staged files over the base, then runs its containerd. */
const startScript = 'cp --recursive --no-dereference --preserve=mode /mnt/stage/. / && exec /usr/local/bin/containerd';

/** Replaces a file of the node by a link to an image's, as one layer of the node image has both. Fails where no image has it, or another. */
const shareScript = `
for copy in /var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/*/fs/"$1"; do
  cmp "$copy" "/$1"
  ln --force "$copy" "/$1"
done
`;

/** The layers' blobs are of no use once unpacked, but go only with a collection; ending a lease with --sync waits for one. */
async function collectGarbage(docker: Docker, container: string): Promise<void> {
  const ctr = ['ctr', '--namespace', 'k8s.io', 'leases'];
  await docker.exec(container, [...ctr, 'create', '--id', 'collect']);
  await docker.exec(container, [...ctr, 'delete', '--sync', 'collect']);
}

async function stage(files: NodeFiles, folder: string): Promise<void> {
  const place = async (path: string): Promise<string> => {
    const target = join(folder, path);
    await mkdir(join(target, '..'), { recursive: true });
    return target;
  };
  for (const [path, source] of Object.entries(files.files)) await copyFile(source, await place(path));
  for (const [path, target] of Object.entries(files.links ?? {})) await symlink(target, await place(path));
  for (const [path, text] of Object.entries(files.texts ?? {})) await writeFile(await place(path), text);
  await mkdir(folder, { recursive: true });
  await exec(['chown', '-R', '0:0', folder]);
  // Folders that are in the base already get these modes too, and the umask here may be strict.
  await exec(['chmod', '-R', 'go+rX', folder]);
}
