import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Docker } from '../docker/docker.ts';
import { copyStripped } from './strip.ts';

/**
 * Copies every library that ldd names beside the program, under the names it is looked for by. glibc 2.34 and later reads
 * /etc/passwd and asks DNS without further libraries.
 */
const copyLibraries = `
set -euo pipefail
cd /
libraries=$(ldd /out/usr/local/bin/node)
if grep 'not found' <<<"$libraries" >&2; then exit 1; fi
grep -o '/[^ ]*' <<<"$libraries" | sed 's,^/,,' | sort -u >/tmp/list
tar --create --dereference --files-from /tmp/list | tar --extract --directory /out
mkdir -p /out/tmp
chmod 1777 /out/tmp
chmod -R go+rX /out
`;

/** Enough for a program to learn its user's name, and to find hosts as on Debian. */
const texts = {
  passwd: 'root:x:0:0:root:/:/bin/false\nnonroot:x:65532:65532:nonroot:/tmp:/bin/false\n',
  group: 'root:x:0:\nnonroot:x:65532:\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
} as const;

/** What stands for the runtime in the content of an image: hashing 150 MB at each start would cost half a second. */
export const nodeRuntimeIdentity = async (): Promise<string> => `node ${process.version} ${process.arch} ${(await stat(process.execPath)).size}`;

/**
 * Lays out the Node that this process runs on, with its libraries, as the root of a container image.
 *
 * @param image a Debian root file system with libatomic1 and libstdc++6
 * @param folder where to put it: made, or empty
 */
export async function takeNodeRuntime(docker: Docker, image: string, folder: string, signal?: AbortSignal): Promise<void> {
  const program = join(folder, 'usr', 'local', 'bin', 'node');
  for (const path of ['usr/local/bin', 'etc']) await mkdir(join(folder, path), { recursive: true });
  await copyStripped(process.execPath, program);
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, 'etc', name), text);
  const argv = ['run', '--rm', '--network', 'none', '--tmpfs', '/var', '--volume', `${folder}:/out`, '--entrypoint', '/bin/bash', image, '-c', copyLibraries.trim()];
  await docker.run(argv, { timeoutMs: 120_000, ...(signal && { signal }) });
}
