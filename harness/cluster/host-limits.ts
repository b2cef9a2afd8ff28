import type { Docker } from '../docker/docker.ts';
import { runOnHost } from '../wan/host-helper.ts';

/**
 * The least a Docker host needs for two clusters side by side: systemd, containerd and the kubelet of a node take
 * about 15 inotify instances, and the kernel's default of 128 for all of root's is used up by the ninth node, whose
 * kubelet then dies with "too many open files".
 */
const least = { 'fs/inotify/max_user_instances': 1024, 'fs/inotify/max_user_watches': 262_144 } as const;

/** Arguments: pairs of a file below /proc/sys and its least value. Prints what it changed. */
const raiseScript = `
set -eu
while [ $# -ge 2 ]; do
  now=$(cat "/proc/sys/$1")
  if [ "$now" -lt "$2" ]; then echo "$2" > "/proc/sys/$1"; echo "$1 from $now to $2"; fi
  shift 2
done
`;

/** Raises limits of the Docker host that are too low for a cluster. @returns what was changed, in words */
export async function raiseHostLimits(docker: Docker, image: string, cluster: string, signal: AbortSignal): Promise<string[]> {
  const args = Object.entries(least).flatMap(([file, value]) => [file, String(value)]);
  const { stdout } = await runOnHost(docker, { image, script: raiseScript, args, cluster, signal });
  return stdout.split('\n').filter((line) => line !== '').map((line) => line.replaceAll('/', '.'));
}
