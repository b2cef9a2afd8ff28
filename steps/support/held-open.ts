import { controlPlaneOf } from '../../harness/cluster/state.ts';
import type { KubePod } from '../../harness/kube/objects.ts';
import { readMetric } from '../../harness/probes/metric.ts';
import { figureOf, figuresOfPod, openFiles, ownMemory, type ProcessFigure } from '../../harness/probes/processes.ts';
import type { App } from './apps.ts';
import { nodeOf, podsOf } from './tunnel-parts.ts';
import type { EdgeWorld } from './world.ts';

/** What was open on the way to an application: how many, by what they are, as `files of kubelet on dev-worker2`. */
export interface HeldOpen {
  readonly app: App;
  readonly counts: ReadonlyMap<string, number>;
}

interface Part {
  readonly pod: KubePod;
  readonly isServer: boolean;
}

/** The tunnel's Pods on the way to a node; none where it is not known. */
async function partsTo(world: EdgeWorld, node: string): Promise<Part[]> {
  if (world.cluster.tunnel === undefined) return [];
  const [servers, agents] = await Promise.all([podsOf(world, 'server'), podsOf(world, 'agent')]);
  return [...servers.map((pod) => ({ pod, isServer: true })), ...agents.filter(({ spec }) => spec.nodeName === node).map((pod) => ({ pod, isServer: false }))];
}

/**
 * What the processes on the way from the cloud to an application hold open: files of the API server and the kubelet, and of
 * the tunnel where it is known, with its streams and timers if it tells them.
 */
export async function heldOpen(world: EdgeWorld, app: App): Promise<HeldOpen> {
  const { cluster, docker, signal } = world;
  const controlPlane = controlPlaneOf(cluster);
  const parts = await partsTo(world, app.node);
  const files = await Promise.all([
    figureOf(docker, controlPlane.name, 'kube-apiserver', openFiles, signal),
    figureOf(docker, app.node, 'kubelet', openFiles, signal),
    ...parts.map(({ pod }) => figuresOfPod(docker, nodeOf(pod), pod.metadata.uid!, openFiles, signal)),
  ].map(async (counted): Promise<ProcessFigure[]> => [await counted].flat()));
  const told = await Promise.all(parts.map((part) => toldBy(world, part)));
  return { app, counts: new Map([...files.flat().map(({ of, count }) => [`files of ${of}`, count] as const), ...told.flat()]) };
}

/** Kilobytes that each process of the tunnel on the way to an application holds, by whose they are. */
export async function memoryHeld(world: EdgeWorld, app: App): Promise<Map<string, number>> {
  const parts = await partsTo(world, app.node);
  const held = await Promise.all(parts.map(({ pod }) => figuresOfPod(world.docker, nodeOf(pod), pod.metadata.uid!, ownMemory, world.signal)));
  return new Map(held.flat().map(({ of, count }) => [of, count]));
}

/** Nothing when the implementation does not tell it. */
async function toldBy(world: EdgeWorld, part: Part): Promise<(readonly [string, number])[]> {
  const told = world.cluster.tunnel?.streams;
  if (told === undefined) return [];
  const { name } = part.pod.metadata;
  return [
    [`streams of ${name}`, await metricOf(world, part, told.metric)],
    ...(told.timers === undefined ? [] : [[`timers of ${name}`, await metricOf(world, part, told.timers)] as const]),
  ];
}

async function metricOf({ cluster, docker, signal }: EdgeWorld, { pod, isServer }: Part, metric: string): Promise<number> {
  const { serverPort, agentPort } = cluster.tunnel!.streams!;
  const url = isServer ? `http://${pod.status.podIP}:${serverPort}/metrics` : `http://127.0.0.1:${agentPort}/metrics`;
  return await readMetric(docker, nodeOf(pod), url, metric, signal);
}
