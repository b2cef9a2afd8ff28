import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Docker } from '../docker/docker.ts';
import { exec } from '../../core/exec.ts';

/** Lists what iptables of both flavours needs to run: the programs, every library that ldd names, and the match modules. */
const iptablesFiles = `
set -eu
cd /
programs='usr/sbin/xtables-nft-multi usr/sbin/xtables-legacy-multi'
modules=$(find usr/lib -path '*/xtables/*.so')
libraries=$(ldd $programs $modules | grep -o '/[^ ]*' | grep -v ':$' | sort -u)
for file in $programs $modules; do echo "$file"; done
for file in $libraries; do echo "\${file#/}"; done
`;

export interface BaseFiles {
  readonly iptables: string;
  readonly busybox: string;
}

/**
 * Takes iptables (with its libraries) and busybox out of a Debian-based image, for container images that hold
 * nothing else.
 *
 * @param image a root file system with iptables and busybox-static
 * @param folder where to put them
 */
export async function takeBaseFiles(docker: Docker, image: string, folder: string, signal?: AbortSignal): Promise<BaseFiles> {
  const options = { timeoutMs: 120_000, ...(signal && { signal }) };
  const files: BaseFiles = { iptables: join(folder, 'iptables'), busybox: join(folder, 'busybox') };
  const script = `${iptablesFiles.trim()}`;
  await mkdir(files.iptables, { recursive: true });
  await mkdir(files.busybox, { recursive: true });
  const mount = ['--volume', `${folder}:/out`, '--network', 'none', '--rm', '--tmpfs', '/var', '--entrypoint', '/bin/bash', image];
  await docker.run(['run', ...mount, '-c', `(${script}) > /tmp/list; tar --create --dereference --directory / --files-from /tmp/list | tar --extract --directory /out/iptables`], options);
  // Libraries are named as /lib/… on a merged /usr.
  await docker.run(['run', ...mount, '-c', 'mkdir -p /out/iptables/bin /out/iptables/run /out/busybox/bin && cp "$(command -v busybox)" /out/iptables/bin/busybox && cp "$(command -v busybox)" /out/busybox/bin/busybox && ln -s busybox /out/iptables/bin/sh && for name in $(busybox --list); do [ "$name" = busybox ] || ln -s busybox "/out/busybox/bin/$name"; done && mkdir -p /out/busybox/tmp /out/busybox/etc && chmod 1777 /out/busybox/tmp && echo "root:x:0:0:root:/:/bin/sh" > /out/busybox/etc/passwd'], options);
  await rm(join(folder, 'list'), { force: true });
  await exec(['chmod', '-R', 'go+rX', folder]);
  return files;
}
