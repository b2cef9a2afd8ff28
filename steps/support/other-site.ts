import { CannotTellError } from '../../core/errors.ts';
import { edgeNodes } from '../../harness/cluster/state.ts';
import { condition, type KubeNode } from '../../harness/kube/objects.ts';
import { startAsking, type Answers, type Asking } from '../../harness/probes/asking.ts';
import { podsOn } from '../../harness/probes/pods-on-node.ts';
import { containersReplaced, takeSnapshot, type NodeSnapshot } from '../../harness/probes/snapshot.ts';
import { serviceUrlOf, startApps, urlOf, type App } from './apps.ts';
import type { EdgeWorld } from './world.ts';

/** A site that nothing is done to, and what is known of it from before: it must not notice what happens elsewhere. */
export interface OtherSite {
  readonly node: string;
  readonly snapshot: NodeSnapshot;
  readonly asking: readonly Asking[];
  /** Since when each node outside the site has been Ready, by its name. */
  readonly readySince: ReadonlyMap<string, string>;
}

/** As long as the longest scenario that watches one; who asks ends by itself then. */
const askAtMostMs = 600_000;

/** Starts two applications on an edge node of another site, each of which asks the other until the scenario ends. @throws CannotTellError */
export async function watchOtherSite(world: EdgeWorld, names: readonly [string, string]): Promise<OtherSite> {
  const { docker, kube, signal } = world;
  const node = edgeNodes(world.cluster).find(({ site }) => site !== world.roles.site)?.name;
  if (node === undefined) throw new CannotTellError('NO_OTHER_SITE', `${world.cluster.topology.name} has one site`);
  await startApps(world, names.map((name) => ({ name, node, service: true })));
  const [one, two] = names.map((name) => world.app(name)) as [App, App];
  const asking = await Promise.all([await ask(world, one, two), await ask(world, two, one)]);
  return { node, snapshot: await takeSnapshot(kube, docker, node, { signal }), asking, readySince: readySince(await outside(world)) };
}

async function ask(world: EdgeWorld, from: App, to: App): Promise<Asking> {
  const pod = (await podsOn(world.docker, from.node, world.signal)).find(({ uid }) => uid === from.uid);
  if (pod === undefined) throw new CannotTellError('NO_CONTAINER', `${from.pod} does not run on ${from.node}`);
  const asking = await startAsking(world.docker, pod, [urlOf(to), serviceUrlOf(to)].map((url) => ({ url, uid: to.uid })), { atMostMs: askAtMostMs, signal: world.signal });
  world.undos.add(`questions of ${from.name}`, async (signal) => await asking.stop(signal));
  return asking;
}

const outside = async (world: EdgeWorld): Promise<KubeNode[]> => {
  const others = world.cluster.nodes.filter(({ site }) => site !== world.roles.site).map(({ name }) => name);
  return (await world.kube.list<KubeNode>('v1', 'Node', { signal: world.signal })).filter(({ metadata }) => others.includes(metadata.name));
};

/** @internal Since when each of some nodes is Ready, as the API says: a moment without it would have left its time there. */
export const readySince = (nodes: readonly KubeNode[]): Map<string, string> =>
  new Map(nodes.flatMap((node) => {
    const ready = condition(node, 'Ready');
    return ready?.status === 'True' ? [[node.metadata.name, ready.lastTransitionTime ?? '']] : [];
  }));

/** What the other site has noticed, in words, and what it was asked meanwhile. @throws CannotTellError `NOT_ASKING`; ExecError */
export async function noticed(world: EdgeWorld, { snapshot, asking, readySince: before }: OtherSite): Promise<{ readonly asked: number; readonly noticed: string[] }> {
  const answers = await Promise.all(asking.map(async (one): Promise<Answers> => await one.look(world.signal)));
  const now = readySince(await outside(world));
  const lost = [...before].filter(([name, since]) => now.get(name) !== since).map(([name]) => `node ${name} was not Ready for a while`);
  const missed = answers.flatMap((one) => one.missed.slice(0, 3).map((line) => `one of ${one.missed.length} missed answers: ${line}`));
  return { asked: answers.reduce((sum, { asked }) => sum + asked, 0), noticed: [...missed, ...containersReplaced(snapshot, await podsOn(world.docker, snapshot.node, world.signal)), ...lost] };
}
