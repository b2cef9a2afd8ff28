import { CannotTellError } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { edgeNodes } from '../../harness/cluster/state.ts';
import { condition, type KubeNode } from '../../harness/kube/objects.ts';
import { startAsking, type Answers, type Asking } from '../../harness/probes/asking.ts';
import { podsOn } from '../../harness/probes/pods-on-node.ts';
import { containersReplaced, takeSnapshot, type NodeSnapshot } from '../../harness/probes/snapshot.ts';
import { fetchFrom } from '../../harness/probes/traffic.ts';
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
/** With no more than an echo application's default it would be the last on the machine to get a processor, which is no other site's doing. */
const cpu = '400m';
/** A kube-proxy writes its rules for a new Service within seconds. */
const firstAnswerMs = 20_000;

/** Starts two applications on an edge node of another site, each of which asks the other until the scenario ends. @throws CannotTellError */
export async function watchOtherSite(world: EdgeWorld, names: readonly [string, string]): Promise<OtherSite> {
  const { docker, kube, signal } = world;
  const node = edgeNodes(world.cluster).find(({ site }) => site !== world.roles.site)?.name;
  if (node === undefined) throw new CannotTellError('NO_OTHER_SITE', `${world.cluster.topology.name} has one site`);
  await startApps(world, names.map((name) => ({ name, node, service: true, cpu })));
  const [one, two] = names.map((name) => world.app(name)) as [App, App];
  const asking = await Promise.all([await ask(world, one, two), await ask(world, two, one)]);
  return { node, snapshot: await takeSnapshot(kube, docker, node, { signal }), asking, readySince: readySince(await outside(world)) };
}

async function ask(world: EdgeWorld, from: App, to: App): Promise<Asking> {
  const { docker, signal } = world;
  const pod = (await podsOn(docker, from.node, signal)).find(({ uid }) => uid === from.uid);
  if (pod === undefined) throw new CannotTellError('NO_CONTAINER', `${from.pod} does not run on ${from.node}`);
  const urls = [urlOf(to), serviceUrlOf(to)];
  await waitFor(`${from.name} reaching ${to.name} before anything is done`, async (lookSignal) => {
    const replies = await Promise.all(urls.map(async (url) => await fetchFrom(docker, pod, url, lookSignal)));
    const failures = replies.flatMap((reply) => ('failure' in reply ? [reply.failure] : []));
    return failures.length === 0 ? { done: true } : { missing: failures.join('; ') };
  }, { timeoutMs: firstAnswerMs, signal });
  const asking = await startAsking(docker, pod, urls.map((url) => ({ url, uid: to.uid })), { atMostMs: askAtMostMs, signal });
  world.undos.add(`questions of ${from.name}`, async (undoSignal) => await asking.stop(undoSignal));
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
export async function noticed(world: EdgeWorld, { snapshot, asking, readySince: before }: OtherSite): Promise<{ readonly asked: number; readonly slowestSeconds: number; readonly noticed: string[] }> {
  const answers = await Promise.all(asking.map(async (one): Promise<Answers> => await one.look(world.signal)));
  for (const [index, { samples = [] }] of answers.entries()) world.samples.replace(`questions between applications of the other site, at ${snapshot.node} (${index + 1})`, samples);
  const now = readySince(await outside(world));
  const lost = [...before].filter(([name, since]) => now.get(name) !== since).map(([name]) => `node ${name} was not Ready for a while`);
  const asked = answers.reduce((sum, one) => sum + one.asked, 0);
  const missed = answers.flatMap((one) => one.missed);
  const silent = missed.length === 0 ? [] : [`${missed.length} of ${asked} questions were not answered: ${missed.slice(0, 3).join('; ')}`];
  return { asked, slowestSeconds: Math.max(...answers.map((one) => one.slowestSeconds)), noticed: [...silent, ...containersReplaced(snapshot, await podsOn(world.docker, snapshot.node, world.signal)), ...lost] };
}
