import { existsSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CannotTellError } from '../../core/errors.ts';
import { binDir } from '../../core/paths.ts';
import { kubernetesVersion } from '../../images/versions.ts';
import type { Docker } from '../docker/docker.ts';
import type { BaseFiles } from './base-files.ts';
import type { NodeFiles } from './node-image.ts';

/** Finds a program in the folders it may have been built into. */
export function finder(folders: readonly string[]): (name: string) => string {
  return (name) => {
    const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
    if (found === undefined) throw new CannotTellError('PROGRAM_MISSING', `no ${name} in ${folders.join(', ')}`, { next: 'delete these folders; the next run builds them again' });
    return found;
  };
}

const cniFiles = (overlay: string): Record<string, string> => ({
  'opt/cni/bin/flannel': join(overlay, 'flannel'),
  'opt/cni/bin/bridge': join(overlay, 'bridge'),
});

/** What an upstream node image lacks: the CNI plugins, and busybox, with whose ping and HTTP server nodes are probed. */
export const upstreamNodeFiles = (overlay: string, { busybox }: BaseFiles): NodeFiles => ({
  files: { ...cniFiles(overlay), 'usr/local/bin/busybox': join(busybox, 'bin/busybox') },
});

/**
 * Where the host has no CAP_SYS_RESOURCE, runc may not give a container a lower oom_score_adj than its own, and dies of it.
 * Our own node images are set up like this too; where the capability is there it changes nothing.
 */
export const upstreamNodeChange = `sed -i 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/' /etc/containerd/config.toml && grep -q 'restrict_oom_score_adj = true' /etc/containerd/config.toml`;

/** Everything that makes a Debian root file system a Kubernetes node. */
export function nodeFiles(overlay: string, programs: string): NodeFiles {
  const find = (name: string): string => join(programs, name);
  return {
    files: {
      ...cniFiles(overlay),
      ...Object.fromEntries(['loopback', 'portmap', 'host-local'].map((name) => [`opt/cni/bin/${name}`, find(name)])),
      ...Object.fromEntries(['kubernetes', 'containerd', 'containerd-shim-runc-v2', 'ctr', 'crictl'].map((name) => [`usr/local/bin/${name}`, find(name)])),
    },
    links: Object.fromEntries(['kubelet', 'kubeadm', 'kubectl'].map((name) => [`usr/bin/${name}`, '/usr/local/bin/kubernetes'])),
    texts: { 'kind/version': kubernetesVersion },
    shared: ['usr/local/bin/kubernetes'],
  };
}

/** kubectl for this host out of an upstream node image. @returns its path */
export async function copyKubectl(docker: Docker, image: string): Promise<string> {
  const folder = join(binDir, image.replace(/[^\w.-]/g, '-'));
  const target = join(folder, 'kubectl');
  if (existsSync(target)) return target;
  await mkdir(folder, { recursive: true });
  const { stdout } = await docker.run(['create', image]);
  const container = stdout.trim();
  try {
    await docker.run(['cp', '--follow-link', `${container}:/usr/bin/kubectl`, target]);
    await chmod(target, 0o755);
  } finally {
    await docker.run(['rm', '--volumes', container], { accept: 'any' });
  }
  return target;
}
