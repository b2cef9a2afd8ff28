import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '../../core/errors.ts';
import { vtepDevice } from '../cluster/flannel.ts';
import type { ClusterState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeEvent, KubeObject } from '../kube/objects.ts';
import { cloudServices } from '../wan/services.ts';
import { connectWan } from '../wan/wan.ts';

export interface CollectOptions {
  /** Journals are read from this moment on. */
  readonly since: Date;
  /** The whole collection; what is not there by then is left out. */
  readonly timeoutMs: number;
}

/** What is asked of every node, by the name of the file that the answer goes to. `$1` is the time of the first line of interest. */
const nodeCommands: Readonly<Record<string, string>> = {
  'kubelet.log': 'journalctl --merge --no-pager --output=short-iso-precise --since="$1" --unit=kubelet',
  'containerd.log': 'journalctl --merge --no-pager --output=short-iso-precise --since="$1" --unit=containerd',
  'containers.txt': 'crictl ps -a',
  'sandboxes.txt': 'crictl pods',
  'flannel.log': 'for id in $(crictl ps -a -q --name flannel); do echo "== $id"; crictl logs --tail 200 "$id"; done',
  // Of every component that is a Pod, the API server and what an implementation brings among them.
  'pods.log': `find /var/log/pods -name '*.log' -newermt "$1" -exec tail --verbose --lines=200 {} +`,
  'addresses.txt': 'ip addr',
  'routes.txt': 'ip route',
  'neighbours.txt': 'ip neigh',
  'fdb.txt': `bridge fdb show dev ${vtepDevice}`,
  'sockets.txt': 'ss -tnap',
};

/** Starts each answer in the output of a node, followed by the file's name. ASCII record separator: no log holds it. */
const mark = '\u001e';
/** All of them in one process on the node: a node in trouble, on a machine with two cores, is asked once. */
const nodeScript = Object.entries(nodeCommands).map(([file, command]) => `printf '${mark}%s\\n' ${file}; { ${command}; } 2>&1`).join('\n');

const cloudObjects = [['v1', 'Node'], ['v1', 'Pod'], ['v1', 'Event'], ['coordination.k8s.io/v1', 'Lease']] as const;

/**
 * Saves the state of a cluster at this moment, for whoever must explain a failure: `NODE/FILE` for each node,
 * `cloud/KIND.json` for what the API says, `wans.json` and `wan-SITE.log` for the links. What could not be read says so in its file.
 *
 * @throws when the folder cannot be written
 */
export async function collectState(docker: Docker, kube: KubeClient, cluster: ClusterState, folder: string, options: CollectOptions): Promise<void> {
  const signal = AbortSignal.timeout(options.timeoutMs);
  const save = async (name: string, read: () => Promise<string>): Promise<void> => {
    const text = await read().catch((error: unknown) => `could not be read: ${describeError(error)}\n`);
    await writeFile(join(folder, name), text);
  };
  const nodes = cluster.nodes.map(async ({ name }) => {
    await mkdir(join(folder, name), { recursive: true });
    // As journalctl reads it; nodes keep UTC.
    const since = options.since.toISOString().replace('T', ' ').slice(0, 19);
    const answers = await docker.exec(name, ['sh', '-c', nodeScript, 'sh', since], { signal, accept: 'any', timeoutMs: options.timeoutMs })
      .then(({ stdout }) => answersIn(stdout), (error: unknown) => ({ 'unreadable.txt': `${describeError(error)}\n` }));
    for (const [file, text] of Object.entries(answers)) await writeFile(join(folder, name, file), text);
  });
  const cloud = mkdir(join(folder, 'cloud'), { recursive: true }).then(async () => {
    for (const [apiVersion, kind] of cloudObjects) {
      await save(join('cloud', `${kind.toLowerCase()}s.json`), async () => {
        const objects = (await kube.list<KubeObject>(apiVersion, kind, { signal })).filter((object) => kind !== 'Event' || lastSeen(object) >= options.since);
        return `${JSON.stringify(objects, (key, value: unknown) => (key === 'managedFields' ? undefined : value), 1)}\n`;
      });
    }
  });
  await mkdir(folder, { recursive: true });
  await Promise.allSettled([...nodes, cloud]);
  await save('wans.json', async () => `${JSON.stringify(await linkStates(docker, cluster, signal), null, 1)}\n`);
  for (const { site, container } of cluster.wans) {
    await save(`wan-${site}.log`, async () => {
      const { stdout, stderr } = await docker.run(['logs', '--tail', '200', container], { signal, accept: 'any', timeoutMs: 10_000 });
      return stdout + stderr;
    });
  }
}

/** When an event was last seen. */
function lastSeen(object: KubeObject): Date {
  const { lastTimestamp, eventTime } = object as KubeEvent;
  return new Date(lastTimestamp ?? eventTime ?? object.metadata.creationTimestamp ?? 0);
}

/** Of every site's link, each service: whether it lets connections through, and its toxics. */
async function linkStates(docker: Docker, cluster: ClusterState, signal: AbortSignal): Promise<object[]> {
  return await Promise.all(cluster.wans.map(async ({ site }) => {
    try {
      const wan = await connectWan(docker, cluster.name, site, { signal });
      const services = await Promise.all(cloudServices.map(async ({ name }) => ({ name, enabled: await wan.isEnabled(name), toxics: await wan.toxics(name) })));
      return { site, services };
    } catch (error) {
      return { site, unreadable: describeError(error) }; // that of one site hides no other
    }
  }));
}

/** @internal Cuts what a node answered into files. */
export function answersIn(output: string): Record<string, string> {
  return Object.fromEntries(output.split(mark).slice(1).map((part) => {
    const end = part.indexOf('\n');
    return [part.slice(0, end), part.slice(end + 1)];
  }));
}
