import { Given, Then, When, type DataTable } from '@cucumber/cucumber';
import { allDone } from '../core/all-done.ts';
import { CannotTellError } from '../core/errors.ts';
import { waitFor } from '../core/wait.ts';
import { echoContainer } from '../harness/workloads/echo.ts';
import { describeNodePod, isRunning, podsOn, runningContainers } from '../harness/probes/pods-on-node.ts';
import { notRunningAgain, type NodeSnapshot } from '../harness/probes/snapshot.ts';
import { systemNamespaces } from '../harness/kube/whole.ts';
import { fetchFrom } from '../harness/probes/traffic.ts';
import { podTarget, serviceUrlOf } from './support/apps.ts';
import { FirstAnswers, nameOf, type Pair } from './support/first-answers.ts';
import { ask, nameUrlOf, pairsOf } from './support/pairs.ts';
import { rowsOf } from './support/table.ts';
import type { EdgeWorld } from './support/world.ts';

const nodesOfApps = ({ apps }: EdgeWorld): string[] => [...new Set([...apps.values()].map(({ node }) => node))];

Given('they reach each other:', async function (this: EdgeWorld, table: DataTable) {
  this.pairs = rowsOf(table, { from: 'text', to: 'text', at: ['its address', 'its Service'] });
  const answers = new FirstAnswers(this.pairs, async (pairs, signal) => await ask(this, pairs, signal));
  await waitFor('all pairs reaching each other before anything is disturbed', async (signal) => await answers.look(signal), { timeoutMs: 30_000, signal: this.signal });
  this.systemPods = await allDone(nodesOfApps(this).map(async (node): Promise<NodeSnapshot> => {
    const pods = (await podsOn(this.docker, node, this.signal)).filter((pod) => systemNamespaces.includes(pod.namespace) && pod.sandbox.ready && runningContainers(pod).length > 0);
    return { node, takenAt: new Date().toISOString(), pods };
  }));
});

/** Not looked at before anything is disturbed: plain Kubernetes has its DNS in the cloud, where no Pod of the edge reaches it at any time. */
Given('these are to reach each other by name too:', function (this: EdgeWorld, table: DataTable) {
  this.pairs = [...this.pairs, ...rowsOf(table, { from: 'text', to: 'text' }).map((row): Pair => ({ ...row, at: 'its name' }))];
});

When('the sandboxes of {string} and {string} are killed', async function (this: EdgeWorld, first: string, second: string) {
  for (const name of [first, second]) await this.disturb('sandbox-kill', podTarget(this, this.app(name)));
});

When('its neighbour is restarted', async function (this: EdgeWorld) {
  const { neighbour } = this.roles;
  if (neighbour === undefined) throw new CannotTellError('NO_NEIGHBOUR', `no site of ${this.cluster.topology.name} has two nodes`);
  await this.disturb('node-restart', `node ${neighbour.name}`);
});

/** The kubelet waits longer after each kill, as with flannel. */
const proxyRestartMs = 180_000;

When('kube-proxy on the edge node is restarted', { timeout: proxyRestartMs + 30_000 }, async function (this: EdgeWorld) {
  await this.disturb('kube-proxy-restart', `node ${this.roles.edgeNode.name}`);
});

/**
 * And what carries their traffic: budgets count from when the Pods run, flannel's and kube-proxy's among them. A kubelet that finds a Pod's cgroup just being removed, as was seen once after a restart
 * (cgroup v1: `mkdir /sys/fs/cgroup/devices/kubelet.slice/…` failed), begins that Pod 10 to 15 s later; whoever that is, its node has no traffic before.
 */
Then('all of them run again within {int} s as the same Pods', async function (this: EdgeWorld, seconds: number) {
  const apps = [...this.apps.values()];
  const nodes = nodesOfApps(this);
  await this.within({ what: `all ${apps.length} applications running again on ${nodes.join(', ')}`, seconds, code: 'POD_NOT_RUNNING', since: this.lastFaultAt }, async (signal) => {
    const pods = (await allDone(nodes.map(async (node) => await podsOn(this.docker, node, signal)))).flat();
    const missing = apps.flatMap(({ uid, pod, node }) => {
      const same = pods.find((one) => one.uid === uid);
      if (same === undefined) return [`${pod}: gone from ${node}`];
      return isRunning(same, [echoContainer]) ? [] : [describeNodePod(same)];
    });
    missing.push(...this.systemPods.flatMap((before) => notRunningAgain(before, pods)));
    return missing.length === 0 ? { done: true } : { missing: missing.join('; ') };
  });
  this.podsRanAt = Date.now();
});

Then('all of them reach each other within {int} s after that, where they were before', async function (this: EdgeWorld, seconds: number) {
  if (this.podsRanAt === undefined) throw new CannotTellError('NOT_SEEN_RUNNING', 'no step has seen the applications run again');
  await reachEachOther(this, seconds, this.podsRanAt);
});

Then('all of them reach each other within {int} s, where they were before', async function (this: EdgeWorld, seconds: number) {
  await reachEachOther(this, seconds, Date.now());
});

/** Names for themselves: where they are not known, all else may be well. @throws PromiseBroken `TRAFFIC_DOWN`; `DNS_DOWN` when all else answers */
async function reachEachOther(world: EdgeWorld, seconds: number, since: number): Promise<void> {
  const [byName, others] = [pairsOf(world).filter(({ at }) => at === 'its name'), pairsOf(world).filter(({ at }) => at !== 'its name')];
  const judged = [{ pairs: others, code: 'TRAFFIC_DOWN', how: 'at addresses and Services' }, { pairs: byName, code: 'DNS_DOWN', how: 'by name' }].filter(({ pairs }) => pairs.length > 0);
  await allDone(judged.map(async ({ pairs, code, how }) => {
    const answers = new FirstAnswers(pairs, async (some, signal) => await ask(world, some, signal));
    try {
      await world.within({ what: `${pairs.length} pairs reaching each other ${how}`, seconds, code, since }, async (signal) => await answers.look(signal));
    } finally {
      for (const [pair, at] of answers.times) world.attachBudget({ what: `${nameOf(pair)}: first answer`, budgetMs: seconds * 1000, tookMs: Math.max(0, at - since) });
    }
  }));
}

Then('{string} reaches {string} at its ClusterIP within {int} s', async function (this: EdgeWorld, from: string, to: string, seconds: number) {
  await reaches(this, from, to, 'ClusterIP', seconds);
});

Then('{string} reaches {string} at its DNS name within {int} s', async function (this: EdgeWorld, from: string, to: string, seconds: number) {
  await reaches(this, from, to, 'DNS name', seconds);
});

async function reaches(world: EdgeWorld, from: string, to: string, at: 'ClusterIP' | 'DNS name', seconds: number): Promise<void> {
  const [source, target] = [world.app(from), world.app(to)];
  const url = at === 'ClusterIP' ? serviceUrlOf(target) : nameUrlOf(world, target);
  await world.within({ what: `${from} reaching ${to} at its ${at}`, seconds, code: at === 'ClusterIP' ? 'SERVICE_DOWN' : 'DNS_DOWN' }, async (signal) => {
    const pod = (await podsOn(world.docker, source.node, signal)).find(({ uid }) => uid === source.uid);
    const reply = await fetchFrom(world.docker, pod, url, signal);
    if ('failure' in reply) return { missing: reply.failure };
    return reply.answer.uid === target.uid ? { done: true } : { missing: `${reply.answer.name} answered at ${url}` };
  });
}
