import { CannotTellError } from '../../core/errors.ts';
import { openFilesOf, openFilesOfPod, type OpenFiles } from '../../harness/probes/open-files.ts';
import type { App } from './apps.ts';
import { podsOf } from './tunnel-parts.ts';
import type { EdgeWorld } from './world.ts';

export interface OnTheWay {
  readonly app: App;
  readonly counts: readonly OpenFiles[];
}

/** What the processes on the way from the cloud to an application hold open: the API server, the tunnel if it is known where it runs, the kubelet. */
export async function openFilesOnTheWay(world: EdgeWorld, app: App): Promise<OnTheWay> {
  const { docker, signal } = world;
  const controlPlane = world.cluster.nodes.find(({ role }) => role === 'control-plane');
  if (controlPlane === undefined) throw new CannotTellError('CLUSTER_EMPTY', 'the cluster has no control plane');
  const parts = world.cluster.tunnel === undefined ? [] : (await Promise.all([podsOf(world, 'server'), podsOf(world, 'agent')])).flat().filter(({ spec }) => spec.nodeName === app.node || !world.cluster.nodes.some(({ name, tier }) => name === spec.nodeName && tier === 'edge'));
  const counted = await Promise.all([
    openFilesOf(docker, controlPlane.name, 'kube-apiserver', signal).then((one) => [one]),
    openFilesOf(docker, app.node, 'kubelet', signal).then((one) => [one]),
    ...parts.map(({ metadata, spec }) => openFilesOfPod(docker, spec.nodeName!, metadata.uid!, signal)),
  ]);
  return { app, counts: counted.flat() };
}
