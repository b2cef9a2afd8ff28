import { Then, When } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { damageFiles } from '../harness/cluster/damage-files.ts';
import { flannelNamespace } from '../harness/cluster/flannel.ts';
import { cloudNodes, nodesOfSite, type NodeState } from '../harness/cluster/state.ts';
import type { KubeNode, KubePod } from '../harness/kube/objects.ts';
import { annotatedVtepMac, overlayAddressOf, peerView, podIdentity, unresolvedGateways, vtepMac, type PodIdentity } from '../harness/probes/identity.ts';
import { podsOn, runningContainers } from '../harness/probes/pods-on-node.ts';
import { addressesOn, sharedAddresses } from '../harness/probes/shared-addresses.ts';
import type { App } from './support/apps.ts';
import { mayBreak } from './support/ground.ts';
import { wrongView, type SiteNode } from './support/site-identity.ts';
import type { EdgeWorld } from './support/world.ts';

/** The kubelet reports a Pod's status within seconds; this is not the promise's budget but the time to see it. */
const apiCatchesUpSeconds = 15;

Then('{string} has the IP it had before', async function (this: EdgeWorld, name: string) {
  const app = this.app(name);
  await keepsItsAddress(this, app);
  await this.within({ what: `the cloud knowing ${app.pod} by ${app.ip}`, seconds: apiCatchesUpSeconds, code: 'POD_IP_MISREPORTED' }, async (signal) => {
    const { status } = await this.kube.get<KubePod>('v1', 'Pod', app.pod, { namespace: this.namespace, signal });
    return status.podIP === app.ip ? { done: true } : { missing: `the API says ${status.podIP ?? 'no address'}` };
  });
});

/** And no other Pod of its node has it, nor any two another. @throws PromiseBroken `POD_IP_CHANGED`, `POD_IP_SHARED` */
async function keepsItsAddress(world: EdgeWorld, app: App): Promise<void> {
  const { docker, signal } = world;
  const now = await podIdentity(docker, app.node, app.uid, signal);
  const was: PodIdentity = { ...now, ip: app.ip };
  world.attachIdentities([was], [now]);
  if (now.ip !== app.ip) throw new PromiseBroken('POD_IP_CHANGED', `${app.pod} had ${app.ip} and has ${now.ip}, on the same node ${app.node}`);
  const node = world.cluster.nodes.find((one) => one.name === app.node)!;
  const shared = sharedAddresses(await addressesOn(docker, node, signal));
  if (shared.length > 0) throw new PromiseBroken('POD_IP_SHARED', shared.join('; '));
}

When('containerd on the edge node is killed', async function (this: EdgeWorld) {
  await this.disturb('unit-kill', `unit ${this.roles.edgeNode.name}/containerd.service`);
});

Then('flannel on the edge node runs again within {int} s', async function (this: EdgeWorld, seconds: number) {
  const { snapshot } = await this.remember();
  const before = snapshot.pods.find(({ namespace }) => namespace === 'kube-flannel');
  if (before === undefined) throw new CannotTellError('NO_FLANNEL', `no flannel Pod ran on ${snapshot.node} before`);
  await this.within({ what: `flannel running again on ${snapshot.node}`, seconds, code: 'FLANNEL_NOT_RUNNING', since: this.lastFaultAt, everyMs: 500 }, async (signal) => {
    const pod = (await podsOn(this.docker, snapshot.node, signal)).find(({ uid }) => uid === before.uid);
    const missing = runningContainers(before).filter((name) => pod === undefined || !runningContainers(pod).includes(name));
    return missing.length === 0 ? { done: true } : { missing: `${missing.join(', ')} of ${before.name} down` };
  });
});

const rolloutTimeoutMs = 120_000;

/** An upgrade as its nodes feel it: every flannel is replaced by one of a new Pod. */
When('flannel is replaced on all nodes, as for an upgrade', async function (this: EdgeWorld) {
  this.demandAlone('a rollout of flannel');
  await this.remember();
  const workload = 'daemonset/kube-flannel-ds';
  await this.kubectl.run(['rollout', 'restart', workload, '--namespace', flannelNamespace], { timeoutMs: 30_000, signal: this.signal });
  await this.kubectl.rolledOut(workload, { namespace: flannelNamespace, timeoutMs: rolloutTimeoutMs, signal: this.signal });
});

/** Where an implementation keeps nothing, as plain Kubernetes, there is nothing to damage. */
When('what the edge node remembers of who it is gets damaged', async function (this: EdgeWorld) {
  const { name } = this.roles.edgeNode;
  if (!mayBreak(this.scope, `node ${name}`)) this.demandAlone('damage to the state of a node');
  await this.remember();
  await damageFiles(this.docker, name, this.cluster.identity?.stateFiles ?? [], this.signal);
});

const macBefore = async (world: EdgeWorld): Promise<string> => {
  const { vtepMac: mac } = await world.remember();
  if (mac === undefined) throw new CannotTellError('NO_VTEP', `${world.roles.edgeNode.name} had no flannel.1 before`);
  return mac;
};

/** Budgets run from the last fault, if there was one; else from now. */
const since = (world: EdgeWorld): { since?: number } => (world.faultRecords.size === 0 ? {} : { since: world.lastFaultAt });

Then('within {int} s flannel.1 of the edge node has the MAC it had before', async function (this: EdgeWorld, seconds: number) {
  const before = await macBefore(this);
  const { name } = this.roles.edgeNode;
  await this.within({ what: `flannel.1 of ${name} with ${before}`, seconds, code: 'VTEP_MAC_CHANGED', ...since(this) }, async (signal) => {
    const mac = await vtepMac(this.docker, name, signal);
    return mac === before ? { done: true } : { missing: mac === undefined ? `${name} has no interface flannel.1` : `it has ${mac}` };
  });
  this.attachIdentities([{ kind: 'node', name, vtepMac: before }], [{ kind: 'node', name, vtepMac: before }]);
});

Then('flannel.1 of the edge node is there within {int} s, with the MAC it had before', async function (this: EdgeWorld, seconds: number) {
  const before = await macBefore(this);
  const { name } = this.roles.edgeNode;
  const now = await this.within({ what: `flannel.1 of ${name}`, seconds, code: 'VTEP_MISSING', ...since(this) }, async (signal) => {
    const mac = await vtepMac(this.docker, name, signal);
    return mac === undefined ? { missing: `${name} has no interface flannel.1` } : { done: mac };
  });
  this.attachIdentities([{ kind: 'node', name, vtepMac: before }], [{ kind: 'node', name, vtepMac: now }]);
  if (now !== before) throw new PromiseBroken('VTEP_MAC_CHANGED', `flannel.1 of ${name} had ${before} and has ${now}`);
});

Then('the annotation of the edge node names that MAC', async function (this: EdgeWorld) {
  const before = await macBefore(this);
  const { name } = this.roles.edgeNode;
  const annotated = await annotatedVtepMac(this.kube, name, this.signal);
  if (annotated !== before) throw new PromiseBroken('VTEP_ANNOTATION_DIFFERS', `flannel.1 of ${name} has ${before}, but the node's annotation says ${annotated ?? 'nothing'}`);
});

Then('within {int} s the annotation of the edge node names that MAC', async function (this: EdgeWorld, seconds: number) {
  const before = await macBefore(this);
  const { name } = this.roles.edgeNode;
  await this.within({ what: `the annotation of ${name} naming ${before}`, seconds, code: 'VTEP_ANNOTATION_DIFFERS' }, async (signal) => {
    const annotated = await annotatedVtepMac(this.kube, name, signal);
    return annotated === before ? { done: true } : { missing: `it says ${annotated ?? 'nothing'}` };
  });
});

Then('within {int} s every other node sends frames for the edge node to that MAC', async function (this: EdgeWorld, seconds: number) {
  await peersAgree(this, seconds, this.cluster.nodes);
});

Then('within {int} s every cloud node and every other node of the site sends frames for the edge node to that MAC', async function (this: EdgeWorld, seconds: number) {
  await peersAgree(this, seconds, [...cloudNodes(this.cluster), ...nodesOfSite(this.cluster, this.roles.site)]);
});

Then('within {int} s every other node of the site sends frames for the edge node to that MAC', async function (this: EdgeWorld, seconds: number) {
  await peersAgree(this, seconds, nodesOfSite(this.cluster, this.roles.site));
});

Then('within {int} s the edge node has the MACs of all nodes it has routes to', async function (this: EdgeWorld, seconds: number) {
  const { name } = this.roles.edgeNode;
  await this.within({ what: `${name} knowing its peers`, seconds, code: 'VTEP_PEERS_LOST' }, async (signal) => {
    const gateways = await unresolvedGateways(this.docker, name, signal);
    return gateways.length === 0 ? { done: true } : { missing: `it has no MAC for ${gateways.join(', ')}` };
  });
});

async function peersAgree(world: EdgeWorld, seconds: number, nodes: readonly NodeState[]): Promise<void> {
  const mac = await macBefore(world);
  const { name, address } = world.roles.edgeNode;
  const { spec } = await world.kube.get<KubeNode>('v1', 'Node', name, { signal: world.signal });
  const node: SiteNode = { kind: 'node', name, vtepMac: mac, address, overlayAddress: overlayAddressOf(spec.podCIDR ?? '') };
  await world.within({ what: `peers knowing ${name} by ${mac}`, seconds, code: 'VTEP_PEERS_DISAGREE' }, async (signal) => {
    const wrong = await Promise.all(nodes.filter((peer) => peer.name !== name).map(async (peer) => wrongView(await peerView(world.docker, peer.name, node, signal), node)));
    const described = wrong.filter((one) => one !== undefined);
    return described.length === 0 ? { done: true } : { missing: described.join('; ') };
  });
}
