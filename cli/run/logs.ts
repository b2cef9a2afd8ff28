import { CannotTellError } from '../../core/errors.ts';
import { followLines } from '../../core/foreground.ts';
import type { ClusterState } from '../../harness/cluster/state.ts';
import type { Docker } from '../../harness/docker/docker.ts';
import { podsOn } from '../../harness/probes/pods-on-node.ts';
import type { Io } from '../io.ts';
import { logSources, unitsOf, type LogOptions } from '../log-sources.ts';
import { shortName } from '../nodes.ts';

interface Running {
  readonly cluster: ClusterState;
  readonly docker: Docker;
}

/** Names of the Pods that the nodes have. A node that does not answer (it may be what somebody is looking into) has none. */
async function podNames({ cluster, docker }: Running, signal: AbortSignal): Promise<string[]> {
  const looks = await Promise.allSettled(cluster.nodes.map(async ({ name }) => await podsOn(docker, name, signal)));
  signal.throwIfAborted();
  return [...new Set(looks.flatMap((look) => (look.status === 'fulfilled' ? look.value.map(({ name }) => name) : [])))].sort();
}

/** What Pods are made from, as far as their names tell: without what a ReplicaSet, a DaemonSet or a kubelet puts behind it. */
function workloadsOf(pods: readonly string[], { nodes }: ClusterState): string[] {
  const made = (pod: string): string => {
    const node = nodes.find(({ name }) => pod.endsWith(`-${name}`));
    return node === undefined ? pod.replace(/(-[a-z0-9]{8,10})?-[a-z0-9]{5}$/, '') : pod.slice(0, -node.name.length - 1);
  };
  return [...new Set(pods.map(made))].sort();
}

export async function showLogSources(running: Running, io: Io): Promise<void> {
  const { cluster } = running;
  const parts = {
    nodes: cluster.nodes.map((node) => shortName(cluster, node)),
    sites: cluster.wans.map(({ site }) => site),
    services: unitsOf(cluster),
    Pods: workloadsOf(await podNames(running, io.signal), cluster),
  };
  io.stdout.write(`Cluster ${cluster.name} has logs of\n${Object.entries(parts).map(([kind, names]) => `  ${kind}: ${names.join(', ')}\n`).join('')}See one: edgeproof logs ${parts.nodes.at(-1)} --follow\n`);
}

/**
 * Prints lines as they come, each with where it is from when there are several such places. Returns when all have ended, with `follow` when nobody reads any more.
 *
 * @throws CannotTellError `LOGS_NOT_READ` naming those that could not be read to their end; the signal's reason
 */
export async function followLogs(running: Running, what: string, options: LogOptions, io: Io): Promise<void> {
  const { cluster, docker } = running;
  const sources = logSources(cluster, what, await podNames(running, io.signal), options);
  const signal = AbortSignal.any([io.signal, ...(io.unread === undefined ? [] : [io.unread])]);
  const codes = await Promise.all(sources.map(async ({ label, container, script }) => {
    const prefix = sources.length === 1 ? '' : `${label} | `;
    // Docker does not end what it runs in a container when its own command line is ended: the end of stdin tells it.
    const ending = 'exec 3<&0; (cat <&3; kill $$) >/dev/null 2>&1 & ';
    const argv = script === undefined ? ['docker', 'logs', '--tail', String(options.lines), ...(options.follow ? ['--follow'] : []), container] : ['docker', 'exec', '--interactive', container, 'sh', '-c', options.follow ? `${ending}${script}` : script];
    // What a container has written to its stderr is its log; what a program says there that reads a log is not.
    const code = await followLines(argv as [string, ...string[]], (line, from) => (script !== undefined && from === 'stderr' ? io.stderr : io.stdout).write(`${prefix}${line}\n`), { env: docker.env, signal });
    return { label, code };
  }));
  io.signal.throwIfAborted();
  const unread = codes.filter(({ code }) => code !== 0).map(({ label }) => label);
  if (unread.length > 0 && !signal.aborted) throw new CannotTellError('LOGS_NOT_READ', `the logs of ${unread.join(', ')} could not be read`, { next: `see what runs: edgeproof status ${cluster.name}` });
}
