import { Given, Then, type DataTable } from '@cucumber/cucumber';
import { CannotTellError } from '../core/errors.ts';
import { waitFor } from '../core/wait.ts';
import { podsOn, type NodePod } from '../harness/probes/pods-on-node.ts';
import { fetchFrom } from '../harness/probes/traffic.ts';
import { serviceUrlOf, slugOf, urlOf } from './support/apps.ts';
import { rowsOf } from './support/table.ts';
import type { EdgeWorld } from './support/world.ts';

interface Pair {
  readonly from: string;
  readonly to: string;
  readonly service: boolean;
}

/** Requests in flight at once: each is a process on a node, and the machine may have two cores. */
const requestsAtOnce = 4;

const nameOf = ({ from, to, service }: Pair): string => `${from} → ${service ? 'Service of ' : ''}${to}`;

/** Asks along each pair once. @returns a sentence for each pair that got no answer, or somebody else's. */
async function silentPairs(world: EdgeWorld, pairs: readonly Pair[], signal: AbortSignal): Promise<string[]> {
  const nodes = [...new Set(pairs.map(({ from }) => world.app(from).node))];
  const pods = (await Promise.all(nodes.map(async (node) => await podsOn(world.docker, node, signal)))).flat();
  const silent: string[] = [];
  const waiting = [...pairs];
  const worker = async (): Promise<void> => {
    for (let pair = waiting.shift(); pair !== undefined; pair = waiting.shift()) {
      const failure = await ask(world, pair, pods, signal);
      if (failure !== undefined) silent.push(`${nameOf(pair)}: ${failure}`);
    }
  };
  await Promise.all(Array.from({ length: requestsAtOnce }, worker));
  return silent;
}

async function ask(world: EdgeWorld, { from, to, service }: Pair, pods: readonly NodePod[], signal: AbortSignal): Promise<string | undefined> {
  const [source, target] = [world.app(from), world.app(to)];
  const url = service ? serviceUrlOf(target) : urlOf(target);
  const reply = await fetchFrom(world.docker, pods.find(({ uid }) => uid === source.uid), url, signal);
  if ('failure' in reply) return reply.failure;
  return reply.answer.uid === target.uid ? undefined : `${reply.answer.name} answered at ${url}`;
}

Given('they reach each other:', async function (this: EdgeWorld, table: DataTable) {
  const rows = rowsOf(table, { from: 'text', to: 'text', at: ['its address', 'its Service'] });
  this.pairs = rows.map(({ from, to, at }) => ({ from, to, service: at === 'its Service' }));
  await waitFor('all pairs reaching each other before anything is disturbed', async (signal) => {
    const silent = await silentPairs(this, this.pairs, signal);
    return silent.length === 0 ? { done: true } : { missing: silent.join('; ') };
  }, { timeoutMs: 30_000, signal: this.signal });
});

Then('all of them reach each other again within {int} s, where they were before', async function (this: EdgeWorld, seconds: number) {
  if (this.pairs.length === 0) throw new CannotTellError('NO_PAIRS', 'no step has said who reaches whom');
  await this.within({ what: `${this.pairs.length} pairs reaching each other again`, seconds, code: 'TRAFFIC_DOWN', since: this.lastFaultAt, everyMs: 1000 }, async (signal) => {
    const silent = await silentPairs(this, this.pairs, signal);
    return silent.length === 0 ? { done: true } : { missing: `${silent.length} of ${this.pairs.length} are silent: ${silent.join('; ')}` };
  });
});

Then('{string} reaches {string} at its ClusterIP within {int} s', async function (this: EdgeWorld, from: string, to: string, seconds: number) {
  await reaches(this, from, to, 'ClusterIP', seconds);
});

Then('{string} reaches {string} at its DNS name within {int} s', async function (this: EdgeWorld, from: string, to: string, seconds: number) {
  await reaches(this, from, to, 'DNS name', seconds);
});

async function reaches(world: EdgeWorld, from: string, to: string, at: 'ClusterIP' | 'DNS name', seconds: number): Promise<void> {
  const [source, target] = [world.app(from), world.app(to)];
  const url = at === 'ClusterIP' ? serviceUrlOf(target) : `http://${slugOf(to)}.${world.namespace}.svc.cluster.local/`;
  await world.within({ what: `${from} reaching ${to} at its ${at}`, seconds, code: at === 'ClusterIP' ? 'SERVICE_DOWN' : 'DNS_DOWN' }, async (signal) => {
    const pod = (await podsOn(world.docker, source.node, signal)).find(({ uid }) => uid === source.uid);
    const reply = await fetchFrom(world.docker, pod, url, signal);
    if ('failure' in reply) return { missing: reply.failure };
    return reply.answer.uid === target.uid ? { done: true } : { missing: `${reply.answer.name} answered at ${url}` };
  });
}
