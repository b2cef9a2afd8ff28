import { z } from 'zod';
import type { NodeState } from '../../../harness/cluster/state.ts';
import type { Docker } from '../../../harness/docker/docker.ts';
import { cniConfig, cniNetwork, flannelFolder, hostLocalFolder, reservations } from './names.ts';

/** As far as they are needed here: the first line of what the plugin remembers, and the configuration that it is called by. */
const stateSchema = z.object({ reservations: z.array(z.object({ ifname: z.string(), addresses: z.array(z.string()), sandboxes: z.array(z.object({ container: z.string() })) })) });
const configSchema = z.object({ name: z.string(), cniVersion: z.string(), plugins: z.tuple([z.looseObject({ ipam: z.looseObject({ type: z.string() }) })], z.unknown()) });

/**
 * What host-local and flannel's plugin are to know, as if they had added the sandboxes that there are: a file for each address that a sandbox has, and one for
 * each sandbox, with what is to be taken from it when it ends.
 *
 * @param state text of `reservations.json`
 * @param config text of the list of plugins that added them
 * @returns contents by path
 */
export function filesOfFlannel(state: string, config: string): Record<string, string> {
  const { name, cniVersion, plugins: [bridge] } = configSchema.parse(JSON.parse(config));
  const delegate = JSON.stringify({ ...bridge, name, cniVersion, ipam: { ...bridge.ipam, type: 'host-local' } });
  const { reservations: all } = stateSchema.parse(JSON.parse(state.split('\n')[0] ?? ''));
  return Object.fromEntries(all.flatMap(({ addresses, ifname, sandboxes }) => {
    const last = sandboxes.at(-1);
    if (last === undefined) return [];
    return [[`${flannelFolder}/${last.container}`, delegate], ...addresses.map((address) => [`${hostLocalFolder}/${address}`, `${last.container}\r\n${ifname}`])];
  }));
}

/**
 * From now on flannel's plugin has host-local give the addresses: it must know which are taken, must not keep those of Pods that ended meanwhile, and must be
 * able to give back those that it did not give. Before the configuration goes.
 */
export async function giveBackToHostLocal({ docker, node, signal }: { readonly docker: Docker; readonly node: NodeState; readonly signal: AbortSignal }): Promise<void> {
  const { code, stdout: state } = await docker.exec(node.name, ['cat', reservations(cniNetwork)], { accept: [0, 1], signal });
  // The plugin was never called: host-local's own files are right.
  if (code === 1) return;
  const { stdout: config } = await docker.exec(node.name, ['cat', cniConfig], { signal });
  const script = 'umask 077 && mkdir -p "$1" "$2" && find "$1" -type f ! -name "last_reserved_ip.*" ! -name lock -delete && while read -r path content; do printf %s "$content" | base64 -d > "$path" || exit 1; done';
  const lines = Object.entries(filesOfFlannel(state, config)).map(([path, content]) => `${path} ${Buffer.from(content).toString('base64')}\n`);
  await docker.exec(node.name, ['sh', '-c', script, 'edgeproof', hostLocalFolder, flannelFolder], { input: lines.join(''), timeoutMs: 20_000, signal });
}
