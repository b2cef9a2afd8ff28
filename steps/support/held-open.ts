import { CannotTellError } from '../../core/errors.ts';
import type { KubePod } from '../../harness/kube/objects.ts';
import { readMetric } from '../../harness/probes/metric.ts';
import { openFilesOf, openFilesOfPod, type OpenFiles } from '../../harness/probes/open-files.ts';
import type { App } from './apps.ts';
import { podsOf } from './tunnel-parts.ts';
import type { EdgeWorld } from './world.ts';

/** What was open on the way to an application: how many, by what they are, as `files of kubelet on dev-worker2`. */
export interface HeldOpen {
  readonly app: App;
  readonly counts: ReadonlyMap<string, number>;
}

/**
 * What the processes on the way from the cloud to an application hold open: files of the API server and the kubelet, and of
 * the tunnel where it is known, with its streams if it tells them.
 */
export async function heldOpen(world: EdgeWorld, app: App): Promise<HeldOpen> {
  const { cluster, docker, signal } = world;
  const controlPlane = cluster.nodes.find(({ role }) => role === 'control-plane');
  if (controlPlane === undefined) throw new CannotTellError('CLUSTER_EMPTY', 'the cluster has no control plane');
  const [servers, agents] = cluster.tunnel === undefined ? [[], []] : await Promise.all([podsOf(world, 'server'), podsOf(world, 'agent')]);
  const parts = [...servers, ...agents.filter(({ spec }) => spec.nodeName === app.node)];
  const files = await Promise.all([
    openFilesOf(docker, controlPlane.name, 'kube-apiserver', signal),
    openFilesOf(docker, app.node, 'kubelet', signal),
    ...parts.map(({ metadata, spec }) => openFilesOfPod(docker, spec.nodeName!, metadata.uid!, signal)),
  ].map(async (counted): Promise<OpenFiles[]> => [await counted].flat()));
  const streams = await Promise.all(parts.map((pod) => streamsOf(world, pod, servers.includes(pod))));
  return { app, counts: new Map([...files.flat().map(({ of, count }) => [`files of ${of}`, count] as const), ...streams.flat()]) };
}

/** None when the implementation does not tell them. */
async function streamsOf({ cluster, docker, signal }: EdgeWorld, { metadata, spec, status }: KubePod, isServer: boolean): Promise<(readonly [string, number])[]> {
  const told = cluster.tunnel?.streams;
  if (told === undefined) return [];
  const url = isServer ? `http://${status.podIP}:${told.serverPort}/metrics` : `http://127.0.0.1:${told.agentPort}/metrics`;
  return [[`streams of ${metadata.name}`, await readMetric(docker, spec.nodeName!, url, told.metric, signal)]];
}
