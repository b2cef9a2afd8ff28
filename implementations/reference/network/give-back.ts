import { z } from 'zod';
import type { NodeState } from '../../../harness/cluster/state.ts';
import type { Docker } from '../../../harness/docker/docker.ts';
import { cniNetwork, hostLocalFolder, reservations } from './names.ts';

/** As far as it is needed here; the first line of the file. */
const stateSchema = z.object({ reservations: z.array(z.object({ ifname: z.string(), addresses: z.array(z.string()), sandboxes: z.array(z.object({ container: z.string() })) })) });

/**
 * What host-local is to have: a file for each address that a sandbox has, and none besides.
 *
 * @param state text of `reservations.json`
 * @returns contents by file name
 */
export function hostLocalFiles(state: string): Record<string, string> {
  const { reservations: all } = stateSchema.parse(JSON.parse(state.split('\n')[0] ?? ''));
  return Object.fromEntries(all.flatMap(({ addresses, ifname, sandboxes }) => {
    const last = sandboxes.at(-1);
    return last === undefined ? [] : addresses.map((address) => [address, `${last.container}\r\n${ifname}`] as const);
  }));
}

/** From now on host-local gives the addresses: it must know which are taken, and must not keep those of Pods that ended meanwhile. */
export async function giveBackToHostLocal({ docker, node, signal }: { readonly docker: Docker; readonly node: NodeState; readonly signal: AbortSignal }): Promise<void> {
  const { code, stdout } = await docker.exec(node.name, ['cat', reservations(cniNetwork)], { accept: [0, 1], signal });
  // The plugin was never called: host-local's own files are right.
  if (code === 1) return;
  const script = 'umask 022 && mkdir -p "$1" && cd "$1" && find . -type f ! -name "last_reserved_ip.*" ! -name lock -delete && while read -r name container ifname; do printf "%s\\r\\n%s" "$container" "$ifname" > "$name"; done';
  const lines = Object.entries(hostLocalFiles(stdout)).map(([name, content]) => `${name} ${content.replace('\r\n', ' ')}\n`);
  await docker.exec(node.name, ['sh', '-c', script, 'edgeproof', hostLocalFolder], { input: lines.join(''), timeoutMs: 20_000, signal });
}
