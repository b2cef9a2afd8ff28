import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
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
}

export interface NodeImageOptions {
  readonly docker: Docker;
  readonly base: string;
  readonly image: string;
  readonly files?: NodeFiles;
  /** A shell script that changes what is in the base: runs in the building container. */
  readonly change?: string;
  /** docker-archives whose images the node has from the start. */
  readonly archives: readonly string[];
  /** An empty folder. */
  readonly folder: string;
  readonly step: Step;
  readonly signal?: AbortSignal;
}

/** Makes a node image out of another: adds files, imports container images with its own containerd, commits. */
export async function buildNodeImage(options: NodeImageOptions): Promise<void> {
  const { docker, step } = options;
  const run = { timeoutMs: 300_000, ...(options.signal && { signal: options.signal }) };
  const name = `edgeproof-build-${randomBytes(4).toString('hex')}`;
  const entry = ['--entrypoint', '/usr/local/bin/containerd', '--privileged', '--network', 'none', '--tmpfs', '/run',
    // systemd's signal for "halt"; commit keeps it, and takes it in no other way.
    '--stop-signal', 'SIGRTMIN+3'];
  await docker.run(['create', '--name', name, ...labelArgs({ [ownedLabel]: 'image' }), ...entry, options.base], run);
  try {
    if (options.files !== undefined) {
      step.detail('copying programs');
      await stage(options.files, join(options.folder, 'stage'));
      await docker.run(['cp', `${join(options.folder, 'stage')}/.`, `${name}:/`], run);
    }
    await docker.run(['start', name], run);
    await waitFor('containerd answers in the building container', async (signal) => {
      const { code, stderr } = await docker.exec(name, ['ctr', 'version'], { accept: 'any', signal });
      return code === 0 ? { done: true } : { missing: stderr.trim() };
    }, { timeoutMs: 60_000, ...(options.signal && { signal: options.signal }) });
    if (options.change !== undefined) await docker.exec(name, ['sh', '-euc', options.change], run);
    for (const archive of options.archives) {
      step.detail('importing container images');
      await docker.run(['cp', archive, `${name}:/images.tar`], run);
      await docker.exec(name, ['ctr', '--namespace', 'k8s.io', 'images', 'import', '--local', '--discard-unpacked-layers', '/images.tar'], run);
      await docker.exec(name, ['rm', '/images.tar'], run);
    }
    if (options.archives.length > 0) await collectGarbage(docker, name);
    step.detail('committing');
    await docker.run(['kill', '--signal', 'TERM', name], run);
    await docker.run(['wait', name], run);
    await docker.run(['commit', ...nodeConfig.flatMap((change) => ['--change', change]), name, options.image], run);
  } finally {
    await docker.run(['rm', '--force', '--volumes', name], { accept: 'any', timeoutMs: 60_000 });
  }
}

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
  await exec(['chown', '-R', '0:0', folder]);
}
