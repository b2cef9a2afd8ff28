import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '../../core/exec.ts';
import { repositoryRoot } from '../../core/paths.ts';
import type { Progress } from '../../core/progress.ts';
import { debianSuite } from '../../images/versions.ts';
import type { Docker } from '../docker/docker.ts';
import { hasProgram, installPackages } from '../engine/host-packages.ts';
import { contentTag } from './content-tag.ts';
import { hasImage } from './image-store.ts';
import { workFolder } from './work-folder.ts';

const recipe = join(repositoryRoot, 'images', 'node');

/** Not needed at run time; Debian's packages bring them. */
const leftOut = ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/info', 'usr/share/lintian', 'var/cache/apt', 'var/lib/apt/lists', 'var/log', 'usr/lib/udev/hwdb.d', 'usr/share/zoneinfo', 'usr/share/perl5', 'usr/share/perl', 'usr/lib/x86_64-linux-gnu/perl'];

/** Units that make no sense in a container, or would wait for hardware. */
const wantsToClear = ['multi-user.target.wants', 'sysinit.target.wants/systemd-tmpfiles-setup.service', 'local-fs.target.wants', 'sockets.target.wants/systemd-udevd-control.socket', 'sockets.target.wants/systemd-udevd-kernel.socket', 'sysinit.target.wants/systemd-udevd.service', 'sysinit.target.wants/systemd-udev-trigger.service', 'sysinit.target.wants/systemd-hwdb-update.service'];

export async function rootfsImage(): Promise<string> {
  return `edgeproof/rootfs:${await contentTag({ words: [debianSuite, process.arch, ...leftOut, ...wantsToClear], paths: [recipe] })}`;
}

/** The root file system of a node before Kubernetes: Debian with systemd, and our entrypoint and units. @returns its image */
export async function buildRootfs(docker: Docker, progress: Progress, signal?: AbortSignal): Promise<string> {
  const image = await rootfsImage();
  if (await hasImage(docker, image)) return image;
  await progress.step('Node root file system (Debian packages)', async (step) => {
    const run = { timeoutMs: 20 * 60_000, onLine: step.detail, ...(signal && { signal }) };
    if (!(await hasProgram('debootstrap'))) {
      await installPackages(['debootstrap', 'debian-archive-keyring'], 'a node image is made of Debian packages', { detail: step.detail, ...(signal && { signal }) });
    }
    await using work = await workFolder('rootfs');
    const root = join(work.path, 'root');
    const packages = (await readFile(join(recipe, 'packages.txt'), 'utf8')).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    await exec(['debootstrap', '--variant=minbase', `--include=${packages.join(',')}`, debianSuite, root], run);
    await exec(['cp', '--recursive', '--no-dereference', '--preserve=mode', `${join(recipe, 'rootfs')}/.`, root]);
    for (const path of leftOut) await exec(['rm', '--recursive', '--force', join(root, path)]);
    await exec(['find', join(root, 'var/cache'), '-type', 'f', '-delete']);
    for (const path of wantsToClear) {
      for (const base of ['lib/systemd/system', 'etc/systemd/system']) await exec(['rm', '--recursive', '--force', join(root, base, path)]);
    }
    await exec(['mkdir', '--parents', join(root, 'etc/kubernetes/manifests'), join(root, 'var/log/journal'), join(root, 'opt/cni/bin'), join(root, 'etc/cni/net.d')]);
    await exec(['chroot', root, 'systemctl', 'enable', 'kubelet.service', 'containerd.service']);
    await exec(['chroot', root, 'systemctl', 'mask', 'systemd-binfmt.service', 'systemd-udevd.service', 'systemd-resolved.service', 'getty.target', 'console-getty.service']);
    step.detail('packing');
    const archive = join(work.path, 'root.tar');
    await exec(['tar', '--create', '--numeric-owner', '--one-file-system', '--exclude=./proc/*', '--exclude=./sys/*', '--exclude=./dev/*', '--file', archive, '--directory', root, '.'], run);
    await docker.run(['import', '--change', 'ENV container=docker', archive, image], run);
  });
  return image;
}
