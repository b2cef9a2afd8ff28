import { Given, Then } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import type { KubePod } from '../harness/kube/objects.ts';
import { annotatedVtepMac, peerView, vtepMac, type NodeIdentity } from '../harness/probes/identity.ts';
import { podsOn } from '../harness/probes/pods-on-node.ts';
import { containersReplaced, uidOnNode, type NodeSnapshot } from '../harness/probes/snapshot.ts';
import { sharedAddresses } from '../harness/probes/shared-addresses.ts';
import { throughout } from './support/budget.ts';
import { movedPods, podsInSite, readSite, wrongView, type SiteIdentity, type SiteNode } from './support/site-identity.ts';
import type { EdgeWorld } from './support/world.ts';

Given('it is known who every Pod and every node of the site is', async function (this: EdgeWorld) {
  this.siteIdentity = await readSite(this);
  const { pods, nodes } = this.siteIdentity;
  this.log(`${pods.length} Pods on ${nodes.length} nodes`);
});

function known(world: EdgeWorld): SiteIdentity {
  if (world.siteIdentity === undefined) throw new CannotTellError('NO_SNAPSHOT', 'no step has looked who is who in the site');
  return world.siteIdentity;
}

Then('every Pod of the site has the IP it had before, and no two have the same', async function (this: EdgeWorld) {
  const before = known(this);
  const { seen, who } = await podsInSite(this);
  const uids = new Set(before.pods.map(({ uid }) => uid));
  this.attachIdentities(before.pods, who.filter(({ uid }) => uids.has(uid)));
  const takenAt = new Date().toISOString();
  this.siteAfter = before.nodes.map(({ name }): NodeSnapshot => ({ node: name, takenAt, pods: seen.filter(({ node, uid }) => node === name && uids.has(uid)) }));
  const moved = movedPods(before.pods, who);
  if (moved.length > 0) throw new PromiseBroken('POD_IP_CHANGED', `${moved.length} of ${before.pods.length} Pods: ${moved.join('; ')}`);
  // On the host's network all have the node's.
  const shared = sharedAddresses(who.filter(({ ip }) => !before.nodes.some(({ address }) => address === ip)));
  if (shared.length > 0) throw new PromiseBroken('POD_IP_SHARED', shared.join('; '));
  this.log(`${before.pods.length} of ${before.pods.length} Pods have their name, UID and IP`);
});

Then('within {int} s flannel.1 of every node of the site has the MAC it had before, which its annotation and its neighbours name', async function (this: EdgeWorld, seconds: number) {
  const { nodes } = known(this);
  const macs = await Promise.all(nodes.map(async (node) => await macOf(this, node, seconds)));
  this.attachIdentities(nodes.map(({ kind, name, vtepMac: mac }): NodeIdentity => ({ kind, name, vtepMac: mac })), macs);
  const what = `${nodes.length} nodes of site ${this.roles.site} known by their MACs`;
  await this.within({ what, seconds, code: 'VTEP_PEERS_DISAGREE' }, async (signal) => {
    const wrong = await Promise.all(nodes.flatMap((node) => [
      annotationProblem(this, node, signal),
      ...nodes.filter(({ name }) => name !== node.name).map(async ({ name }) => wrongView(await peerView(this.docker, name, node, signal), node)),
    ]));
    const said = wrong.filter((one) => one !== undefined);
    return said.length === 0 ? { done: true } : { missing: said.join('; ') };
  });
});

async function macOf(world: EdgeWorld, { name, vtepMac: before }: SiteNode, seconds: number): Promise<NodeIdentity> {
  return await world.within({ what: `flannel.1 of ${name} with ${before}`, seconds, code: 'VTEP_MAC_CHANGED' }, async (signal) => {
    const mac = await vtepMac(world.docker, name, signal);
    return mac === before ? { done: { kind: 'node', name, vtepMac: mac } } : { missing: mac === undefined ? `${name} has no interface flannel.1` : `it has ${mac}` };
  });
}

async function annotationProblem(world: EdgeWorld, { name, vtepMac: mac }: SiteNode, signal: AbortSignal): Promise<string | undefined> {
  const annotated = await annotatedVtepMac(world.kube, name, signal);
  return annotated === mac ? undefined : `the annotation of ${name} says ${annotated ?? 'nothing'}`;
}

Then('for {int} s the site runs the same containers as before the WAN was back', async function (this: EdgeWorld, seconds: number) {
  const before = this.siteAfter;
  if (before.length === 0) throw new CannotTellError('NO_SNAPSHOT', 'no step has looked what ran in the site while it was cut off');
  await throughout({ forMs: seconds * 1000, everyMs: 1000, code: 'POD_REPLACED', signal: this.signal }, async () => {
    const replaced = (await Promise.all(before.map(async (snapshot) => containersReplaced(snapshot, await podsOn(this.docker, snapshot.node, this.signal))))).flat();
    return replaced.length === 0 ? undefined : replaced.join('; ');
  });
  this.log(`none of ${before.flatMap(({ pods }) => pods.flatMap(({ containers }) => containers.filter(({ running }) => running))).length} containers was replaced`);
});

Then('the cloud knows every Pod of the site by the IP it had before, within {int} s', async function (this: EdgeWorld, seconds: number) {
  const { pods } = known(this);
  await this.within({ what: `the cloud knowing ${pods.length} Pods by their IPs`, seconds, code: 'POD_IP_MISREPORTED' }, async (signal) => {
    const there = await this.kube.list<KubePod>('v1', 'Pod', { signal });
    const wrong = pods.flatMap(({ namespace, name, uid, ip }) => {
      const same = there.find((pod) => pod.metadata.namespace === namespace && pod.metadata.name === name && uidOnNode(pod) === uid);
      return same?.status.podIP === ip ? [] : [`of ${namespace}/${name} with ${ip} the API says ${same === undefined ? 'nothing' : same.status.podIP ?? 'no address'}`];
    });
    return wrong.length === 0 ? { done: true } : { missing: wrong.join('; ') };
  });
});
