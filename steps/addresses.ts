import { Then, When } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { waitFor } from '../core/wait.ts';
import type { KubeEvent, KubePod } from '../harness/kube/objects.ts';
import { isRunning, podsOn } from '../harness/probes/pods-on-node.ts';
import { echoContainer, echoWorkload } from '../harness/workloads/echo.ts';
import { slugOf } from './support/apps.ts';
import { addressOf, heldOnEdgeNode, onlyWantedPods, roomIn, type RangePod } from './support/address-use.ts';
import { throughout } from './support/budget.ts';
import type { EdgeWorld } from './support/world.ts';

/** A Pod of no controller, so that nothing takes the place of one that is deleted. */
async function makePod(world: EdgeWorld, name: string): Promise<RangePod> {
  const { kube, namespace, signal, roles } = world;
  const { metadata } = await kube.apply<KubePod>(echoWorkload({ name, namespace, placement: { node: roles.edgeNode.name }, kind: 'Pod' }), { signal });
  return { name, uid: metadata.uid ?? '' };
}

/** A kubelet reports within seconds, one Pod after the other. */
const cloudHearsSeconds = 30;
/** A kubelet has tried, and told of it, within seconds of hearing of a Pod. */
const refusedMs = 60_000;

When('a Pod is made on the edge node for each address that it has left, all at once', async function (this: EdgeWorld) {
  const { podCidr, holders } = await onlyWantedPods(this);
  const left = roomIn(podCidr) - holders.size;
  if (left < 1) throw new CannotTellError('NO_ROOM', `${holders.size} Pods have the addresses of ${podCidr} already`);
  const names = Array.from({ length: left }, (_, index) => `one-of-many-${index + 1}`);
  this.addressUse.fillers.push(...await Promise.all(names.map(async (name) => await makePod(this, name))));
});

Then('all of them run within {int} s, each with an address of its own', async function (this: EdgeWorld, seconds: number) {
  const { name: node } = this.roles.edgeNode;
  const { fillers } = this.addressUse;
  await this.within({ what: `${fillers.length} Pods running on ${node}, which had as many addresses left`, seconds, code: 'ADDRESSES_LOST', everyMs: 1000 }, async (signal) => {
    const [pods, held] = await Promise.all([podsOn(this.docker, node, signal), heldOnEdgeNode(this, signal)]);
    const missing = fillers.filter(({ uid }) => !pods.some((pod) => pod.uid === uid && isRunning(pod, [echoContainer])) || addressOf(held, uid) === undefined);
    return missing.length === 0 ? { done: true } : { missing: `${missing.length} of ${fillers.length} do not run: ${missing.map(({ name }) => name).join(', ')}; ${held.holders.size} addresses of ${held.podCidr} are on interfaces` };
  });
  await this.within({ what: `the cloud knowing ${fillers.length} Pods by the addresses they have`, seconds: cloudHearsSeconds, code: 'POD_IP_MISREPORTED' }, async (signal) => {
    const [held, pods] = await Promise.all([heldOnEdgeNode(this, signal), this.kube.list<KubePod>('v1', 'Pod', { namespace: this.namespace, signal })]);
    const wrong = fillers.filter(({ uid }) => pods.find(({ metadata }) => metadata.uid === uid)?.status.podIP !== addressOf(held, uid));
    return wrong.length === 0 ? { done: true } : { missing: `${wrong.length} are known by no address or another: ${wrong.map(({ name }) => name).join(', ')}` };
  });
  // Later, one that waits for an address would be waited for.
  await this.remember();
});

Then('one Pod more gets no address', async function (this: EdgeWorld) {
  const use = this.addressUse;
  use.more += 1;
  const pod = (use.waiting = await makePod(this, `one-more-${use.more}`));
  const broken = await waitFor<PromiseBroken | undefined>(`the edge node saying that it has no address for ${pod.name}`, async (signal) => {
    const [beyond, events] = await Promise.all([
      addressBeyond(this, pod, signal),
      this.kube.list<KubeEvent>('v1', 'Event', { namespace: this.namespace, fieldSelector: `involvedObject.name=${pod.name}`, signal }),
    ]);
    if (beyond !== undefined) return { done: beyond };
    return events.some(({ reason }) => reason === 'FailedCreatePodSandBox') ? { done: undefined } : { missing: 'it has no address, and no event says why' };
  }, { timeoutMs: refusedMs, signal: this.signal });
  if (broken !== undefined) throw broken;
});

/** What is broken when a Pod has an address although none is left, or shares one. */
async function addressBeyond(world: EdgeWorld, { name, uid }: RangePod, signal: AbortSignal): Promise<PromiseBroken | undefined> {
  try {
    const held = await heldOnEdgeNode(world, signal);
    const address = addressOf(held, uid);
    return address === undefined ? undefined : new PromiseBroken('ADDRESS_BEYOND', `${name} has ${address}, although nobody has given up one of those that ${held.podCidr} has`);
  } catch (error) {
    if (error instanceof PromiseBroken) return error;
    throw error;
  }
}

/** @param force removed from the API at once, whether its node knows or not */
async function deleteOne(world: EdgeWorld, force: boolean): Promise<void> {
  const use = world.addressUse;
  const [filler] = use.fillers.splice(0, 1);
  if (filler === undefined) throw new CannotTellError('NO_PODS', 'no step has made Pods for the addresses that were left');
  use.freed = addressOf(await heldOnEdgeNode(world), filler.uid);
  await world.kube.delete('v1', 'Pod', filler.name, { namespace: world.namespace, signal: world.signal, ...(force && { graceSeconds: 0 }) });
}

When('one of them is deleted', async function (this: EdgeWorld) {
  await deleteOne(this, false);
});

When('one of them is deleted by force', async function (this: EdgeWorld) {
  await deleteOne(this, true);
});

/** Its controller makes it anew, under the same name. */
When('{string} is moved to its neighbour', async function (this: EdgeWorld, name: string) {
  const { neighbour } = this.roles;
  if (neighbour === undefined) throw new CannotTellError('NO_NEIGHBOUR', `no site of ${this.cluster.topology.name} has two nodes`);
  const app = this.app(name);
  this.addressUse.freed = app.ip;
  await this.kube.mergePatch('apps/v1', 'StatefulSet', slugOf(name), { spec: { template: { spec: { nodeSelector: { 'kubernetes.io/hostname': neighbour.name } } } } }, { namespace: this.namespace, signal: this.signal });
});

Then('{string} runs on its neighbour within {int} s, as another Pod of that name', async function (this: EdgeWorld, name: string, seconds: number) {
  const app = this.app(name);
  const node = this.roles.neighbour?.name ?? '';
  await this.within({ what: `${app.pod} running on ${node}`, seconds, code: 'POD_NOT_RUNNING' }, async (signal) => {
    const pod = (await podsOn(this.docker, node, signal)).find((one) => one.name === app.pod && one.namespace === this.namespace && one.uid !== app.uid);
    return pod !== undefined && isRunning(pod, [echoContainer]) ? { done: true } : { missing: `${node} does not run it` };
  });
});

Then('within {int} s the waiting Pod runs, with the address that came free', async function (this: EdgeWorld, seconds: number) {
  const use = this.addressUse;
  const { waiting, freed } = use;
  if (waiting === undefined || freed === undefined) throw new CannotTellError('NOBODY_WAITS', 'no Pod waits for an address that somebody has given up');
  const { name: node } = this.roles.edgeNode;
  const address = await this.within({ what: `${waiting.name} running, as ${freed} has come free`, seconds, code: 'ADDRESS_KEPT', everyMs: 500 }, async (signal) => {
    const [pods, held] = await Promise.all([podsOn(this.docker, node, signal), heldOnEdgeNode(this, signal)]);
    const own = addressOf(held, waiting.uid);
    const runs = pods.some((pod) => pod.uid === waiting.uid && isRunning(pod, [echoContainer]));
    return own !== undefined && runs ? { done: own } : { missing: `it has ${own ?? 'no address'}, and ${held.holders.size} of ${held.podCidr} are on interfaces` };
  });
  if (address !== freed) throw new PromiseBroken('ADDRESS_BEYOND', `${waiting.name} has ${address}, and what came free is ${freed}`);
  use.fillers.push(waiting);
  use.waiting = undefined;
});

Then('for {int} s the waiting Pod has no address', async function (this: EdgeWorld, seconds: number) {
  const { waiting } = this.addressUse;
  if (waiting === undefined) throw new CannotTellError('NOBODY_WAITS', 'no Pod waits for an address');
  await throughout({ forMs: seconds * 1000, code: 'ADDRESS_BEYOND', signal: this.signal, everyMs: 1000, seen: this.sampling('the waiting Pod without an address') }, async () => {
    const broken = await addressBeyond(this, waiting, this.signal);
    if (broken !== undefined) throw broken;
    return undefined;
  });
});
