import { setTimeout as sleep } from 'node:timers/promises';
import { Given, When } from '@cucumber/cucumber';
import { CannotTellError } from '../core/errors.ts';
import { waitFor } from '../core/wait.ts';
import { noticing } from '../harness/cluster/kind-config.ts';
import { nodesOfSite } from '../harness/cluster/state.ts';
import type { KubeNode } from '../harness/kube/objects.ts';
import { isReady } from '../harness/kube/objects.ts';
import { edgeSideOf } from '../harness/probes/edge-side.ts';
import { podsOn } from '../harness/probes/pods-on-node.ts';
import { takeSnapshot } from '../harness/probes/snapshot.ts';
import { podTarget } from './support/apps.ts';
import type { EdgeWorld } from './support/world.ts';

const cutOff = async (world: EdgeWorld): Promise<void> => { await world.disturb('wan-down', `site ${world.roles.site}`); };

Given('the WAN of the site is down', async function (this: EdgeWorld) {
  await cutOff(this);
});

When('the WAN of the site is down for {int} s', { timeout: 600_000 }, async function (this: EdgeWorld, seconds: number) {
  await cutOff(this);
  // The length of the cut is what the scenario is about; there is nothing to wait for.
  await sleep(seconds * 1000, undefined, { signal: this.signal });
});

/** A kubelet starts within seconds of systemd. */
const dialsAgainMs = 30_000;

When('the WAN of the site goes down as soon as the edge node has dialled the cloud again', async function (this: EdgeWorld) {
  const { name } = this.roles.edgeNode;
  await waitFor(`${name} dialling the cloud`, async (signal) => {
    const open = await edgeSideOf(this.docker, this.cluster, name, signal);
    return open.length > 0 ? { done: true } : { missing: 'it has no connection to any service of the cloud' };
  }, { timeoutMs: dialsAgainMs, everyMs: 50, signal: this.signal });
  await cutOff(this);
});

/** The controller manager looks every 5 s (`--node-monitor-period`). */
const cloudNoticesMs = 2 * (noticing.grace + 5) * 1000;

When('the WAN of the site is down until the cloud has noticed', async function (this: EdgeWorld) {
  await cutOff(this);
  await untilGivenUp(this);
});

When('the cloud has given up every node of the site', async function (this: EdgeWorld) {
  await untilGivenUp(this);
});

/** @throws WaitTimeoutError when the cloud still calls a node of the site Ready */
async function untilGivenUp(world: EdgeWorld): Promise<void> {
  const elsewhere = (world.disturbedElsewhere = new Set<string>());
  const inside = new Set(nodesOfSite(world.cluster, world.roles.site).map(({ name }) => name));
  await waitFor(`the cloud giving up the nodes of site ${world.roles.site}`, async (signal) => {
    const nodes = await world.kube.list<KubeNode>('v1', 'Node', { signal });
    for (const node of nodes) if (!inside.has(node.metadata.name) && !isReady(node)) elsewhere.add(node.metadata.name);
    const still = nodes.filter((node) => inside.has(node.metadata.name) && isReady(node)).map(({ metadata }) => metadata.name);
    return still.length === 0 ? { done: true } : { missing: `${still.join(', ')} still Ready` };
  }, { timeoutMs: cloudNoticesMs, everyMs: 1000, signal: world.signal });
}

When('the WAN of the site is back', async function (this: EdgeWorld) {
  await this.heal('wan-down');
});

When('the WAN of the site swallows everything', async function (this: EdgeWorld) {
  await this.disturb('wan-blackhole', `site ${this.roles.site}`);
});

When('the WAN of the site swallows nothing any more', async function (this: EdgeWorld) {
  await this.heal('wan-blackhole');
});

When('all connections of the site over its WAN are reset', async function (this: EdgeWorld) {
  await this.disturb('wan-reset', `site ${this.roles.site}`);
});

When('the WANs of all sites are down', async function (this: EdgeWorld) {
  for (const site of this.roles.sites) await this.disturb('wan-down', `site ${site}`);
});

When('the load balancer of the site is stopped', async function (this: EdgeWorld) {
  await this.disturb('lb-stop', `site ${this.roles.site}`);
});

When('the load balancer of the site is deleted', async function (this: EdgeWorld) {
  await this.disturb('lb-delete', `site ${this.roles.site}`);
});

When('the load balancer of the site is back', async function (this: EdgeWorld) {
  await this.heal('lb-stop', 'lb-delete');
});

When('the Node of the edge node is deleted', async function (this: EdgeWorld) {
  await this.disturb('node-delete', `node ${this.roles.edgeNode.name}`);
});

/** A little less than the 40 s after which Kubernetes deletes the Pods of a node that is not there (podgc: quarantineTime). */
const nodeMissedMs = 38_000;

When('the Node of the edge node is made again', async function (this: EdgeWorld) {
  const gone = Date.now() - this.faultBeganAt;
  if (gone > nodeMissedMs) throw new CannotTellError('TOO_LATE', `its Node has been gone for ${(gone / 1000).toFixed(1)} s, and Kubernetes deletes the Pods of such a node after 40 s`, { next: 'run it again on a machine with less to do' });
  await this.heal('node-delete');
});

When('the edge node is restarted', async function (this: EdgeWorld) {
  await this.disturb('node-restart', `node ${this.roles.edgeNode.name}`);
});

When('the edge node loses its power', async function (this: EdgeWorld) {
  await this.disturb('power-cut', `node ${this.roles.edgeNode.name}`);
});

for (const [sentence, kind] of [['is restarted', 'node-restart'], ['loses its power', 'power-cut']] as const) {
  When(`every node of the site ${sentence}`, async function (this: EdgeWorld) {
    this.siteBefore = await Promise.all(nodesOfSite(this.cluster, this.roles.site).map(async ({ name }) => await takeSnapshot(this.kube, this.docker, name, { signal: this.signal })));
    await this.disturb(kind, `site ${this.roles.site}`);
  });
}

When('containerd, kube-proxy, DNS, flannel, what makes the edge node autonomous and its kubelet are killed, one after the other', async function (this: EdgeWorld) {
  const { name } = this.roles.edgeNode;
  await this.disturb('unit-kill', `unit ${name}/containerd.service`);
  // kube-proxy is there on every node, DNS where the implementation has put it there.
  const system = (await podsOn(this.docker, name, this.signal)).filter(({ namespace, sandbox }) => namespace === 'kube-system' && sandbox.ready);
  if (!system.some((pod) => pod.name.startsWith('kube-proxy-'))) throw new CannotTellError('NO_KUBE_PROXY', `${name} runs no kube-proxy`);
  for (const pod of system) await this.disturb('container-kill', `pod ${pod.namespace}/${pod.name}`);
  await this.disturb('flannel-restart', `node ${name}`);
  for (const unit of this.cluster.autonomy?.units ?? []) await this.disturb('unit-kill', `unit ${name}/${unit}`);
  await this.disturb('unit-kill', `unit ${name}/kubelet.service`);
});

When('the kubelet of the edge node is restarted', async function (this: EdgeWorld) {
  await this.disturb('kubelet-restart', `node ${this.roles.edgeNode.name}`);
});

When('flannel on the edge node is restarted', async function (this: EdgeWorld) {
  await this.disturb('flannel-restart', `node ${this.roles.edgeNode.name}`);
});

When('somebody gives flannel.1 of the edge node another MAC', async function (this: EdgeWorld) {
  await this.disturb('vtep-mac', `node ${this.roles.edgeNode.name}`);
});

When('the annotation with the MAC of the edge node is removed', async function (this: EdgeWorld) {
  await this.disturb('vtep-annotation', `node ${this.roles.edgeNode.name}`);
});

When('the container of {string} is killed', async function (this: EdgeWorld, name: string) {
  await this.disturb('container-kill', podTarget(this, this.app(name)));
});

When('the containers of {string} and {string} are killed', async function (this: EdgeWorld, first: string, second: string) {
  for (const name of [first, second]) await this.disturb('container-kill', podTarget(this, this.app(name)));
});

When('the sandbox of {string} is killed', async function (this: EdgeWorld, name: string) {
  await this.disturb('sandbox-kill', podTarget(this, this.app(name)));
});
