import { isDeepStrictEqual } from 'node:util';
import { Then, When } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { waitFor } from '../core/wait.ts';
import { isReady, type KubePod } from '../harness/kube/objects.ts';
import { notRunningAgain } from '../harness/probes/snapshot.ts';
import { podsOn } from '../harness/probes/pods-on-node.ts';
import { countNetwork, countsTable, grown, type NetworkCounts } from '../harness/probes/network-counts.ts';
import { heldOnEdgeNode, onlyWantedPods, type HeldOnNode } from './support/address-use.ts';
import type { EdgeWorld } from './support/world.ts';

/** Who has another address than before, or none. */
const moved = (before: HeldOnNode, now: HeldOnNode): string[] => [...before.holders].flatMap(([address, { namespace, name, uid }]) => {
  const [other] = [...now.holders].find(([, sandbox]) => sandbox.uid === uid) ?? [];
  return other === address ? [] : [`${namespace}/${name} had ${address} and has ${other ?? 'none'}`];
});

/** Of a cluster that has just been booted, metrics-server is Ready after half a minute, and every node gets rules for it then. */
const settledMs = 120_000;

/** What all nodes have, once every Pod of the cluster is Ready and it stands still. @throws WaitTimeoutError */
async function settledCounts(world: EdgeWorld): Promise<NetworkCounts[]> {
  let last: NetworkCounts[] | undefined;
  return await waitFor('what the nodes have standing still', async (signal) => {
    const waiting = (await world.kube.list<KubePod>('v1', 'Pod', { signal })).filter((pod) => pod.status.phase !== 'Succeeded' && !isReady(pod));
    if (waiting.length > 0) return { missing: `not Ready: ${waiting.map(({ metadata }) => metadata.name).join(', ')}` };
    const now = await countNetwork(world.docker, world.cluster.nodes, signal);
    const same = isDeepStrictEqual(now, last);
    last = now;
    return same ? { done: now } : { missing: 'it was another at the look before' };
  }, { timeoutMs: settledMs, everyMs: 3000, signal: world.signal });
}

When('the edge node loses its power {int} times, and each time all its Pods run again within {int} s, where they were', { timeout: 1_800_000 }, async function (this: EdgeWorld, times: number, seconds: number) {
  const { name: node } = this.roles.edgeNode;
  const { snapshot } = await this.remember();
  const before = await onlyWantedPods(this);
  this.addressUse.counts = await settledCounts(this);
  for (let cut = 1; cut <= times; cut += 1) {
    await this.disturb('power-cut', `node ${node}`);
    await this.within({ what: `all ${snapshot.pods.length} Pods running again on ${node} after power cut ${cut}`, seconds, code: 'POD_NOT_RUNNING', since: this.lastFaultAt, everyMs: 500 }, async (signal) => {
      const missing = notRunningAgain(snapshot, await podsOn(this.docker, node, signal));
      return missing.length === 0 ? { done: true } : { missing: missing.join('; ') };
    });
    const others = moved(before, await heldOnEdgeNode(this));
    if (others.length > 0) throw new PromiseBroken('POD_IP_CHANGED', `after power cut ${cut} of ${times}: ${others.join('; ')}`);
  }
});

Then('within {int} s no node has more interfaces, routes, rules or neighbours than before', async function (this: EdgeWorld, seconds: number) {
  const before = this.addressUse.counts;
  if (before.length === 0) throw new CannotTellError('NOT_COUNTED', 'no step has counted what the nodes have');
  let now = before;
  try {
    await this.within({ what: `${before.length} nodes with no more than before the first power cut`, seconds, code: 'LEAKED', everyMs: 1000 }, async (signal) => {
      now = await countNetwork(this.docker, this.cluster.nodes, signal);
      const more = now.flatMap((one) => grown(before.find(({ node }) => node === one.node)!, one));
      return more.length === 0 ? { done: true } : { missing: more.join('; ') };
    });
  } finally {
    void this.attach(countsTable(before, now), { mediaType: 'text/plain', fileName: 'counts of every node, before the first power cut and after the last' });
  }
});
