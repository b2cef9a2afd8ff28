import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '../../core/errors.ts';
import type { ClusterState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import { cloudServices } from '../wan/services.ts';
import { connectWan } from '../wan/wan.ts';
import { podsOn } from './pods-on-node.ts';

export interface CollectOptions {
  /** Journals are read from this moment on. */
  readonly since: Date;
  /** The whole collection; what is not there by then is left out. */
  readonly timeoutMs: number;
}

/** What is asked of every node, by the name of the file that the answer goes to. */
const nodeCommands = (since: string): Record<string, string[]> => ({
  'kubelet.log': ['journalctl', '--no-pager', '--output=short-iso-precise', `--since=${since}`, '--unit=kubelet'],
  'containerd.log': ['journalctl', '--no-pager', '--output=short-iso-precise', `--since=${since}`, '--unit=containerd'],
  'containers.txt': ['crictl', 'ps', '-a'],
  'sandboxes.txt': ['crictl', 'pods'],
  'addresses.txt': ['ip', 'addr'],
  'routes.txt': ['ip', 'route'],
  'neighbours.txt': ['ip', 'neigh'],
  'fdb.txt': ['bridge', 'fdb', 'show', 'dev', 'flannel.1'],
  'sockets.txt': ['ss', '-tnap'],
});

const cloudObjects = [['v1', 'Node'], ['v1', 'Pod'], ['v1', 'Event'], ['coordination.k8s.io/v1', 'Lease']] as const;

/**
 * Saves the state of a cluster at this moment, for whoever must explain a failure: `NODE/FILE` for each node,
 * `cloud/KIND.json` for what the API says, `wans.json` for the links. It never throws: what could not be read says so in its file.
 */
export async function collectState(docker: Docker, kube: KubeClient, cluster: ClusterState, folder: string, options: CollectOptions): Promise<void> {
  const signal = AbortSignal.timeout(options.timeoutMs);
  const save = async (name: string, read: () => Promise<string>): Promise<void> => {
    const text = await read().catch((error: unknown) => `could not be read: ${describeError(error)}\n`);
    await writeFile(join(folder, name), text);
  };
  const nodes = cluster.nodes.map(async ({ name }) => {
    await mkdir(join(folder, name), { recursive: true });
    // journalctl's own format, in UTC; nodes keep no other time.
    const since = options.since.toISOString().replace('T', ' ').slice(0, 19);
    for (const [file, argv] of Object.entries(nodeCommands(since))) {
      await save(join(name, file), async () => (await docker.exec(name, argv, { signal, accept: 'any', timeoutMs: 10_000 })).stdout);
    }
    await save(join(name, 'flannel.log'), async () => await flannelLog(docker, name, signal));
  });
  const cloud = mkdir(join(folder, 'cloud'), { recursive: true }).then(async () => {
    for (const [apiVersion, kind] of cloudObjects) {
      await save(join('cloud', `${kind.toLowerCase()}s.json`), async () => `${JSON.stringify(await kube.list<KubeObject>(apiVersion, kind, { signal }), null, 1)}\n`);
    }
  });
  await Promise.allSettled([...nodes, cloud]);
  await save('wans.json', async () => `${JSON.stringify(await linkStates(docker, cluster, signal), null, 1)}\n`);
}

/** Of every site's link, each service: whether it lets connections through, and its toxics. */
async function linkStates(docker: Docker, cluster: ClusterState, signal: AbortSignal): Promise<object[]> {
  return await Promise.all(cluster.wans.map(async ({ site }) => {
    const wan = await connectWan(docker, cluster.name, site, { signal });
    const services = await Promise.all(cloudServices.map(async ({ name }) => ({ name, enabled: await wan.isEnabled(name), toxics: await wan.toxics(name) })));
    return { site, services };
  }));
}

async function flannelLog(docker: Docker, node: string, signal: AbortSignal): Promise<string> {
  const pod = (await podsOn(docker, node, signal)).find(({ namespace }) => namespace === 'kube-flannel');
  const logs = await Promise.all((pod?.containers ?? []).map(async ({ id, name }) => {
    const { stdout, stderr } = await docker.exec(node, ['crictl', 'logs', '--tail', '200', id], { signal, accept: 'any', timeoutMs: 10_000 });
    return `== ${name} (${id.slice(0, 12)})\n${stdout}${stderr}`;
  }));
  return logs.length === 0 ? 'no container of flannel on this node\n' : logs.join('\n');
}
