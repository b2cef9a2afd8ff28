import { Then, When } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { waitFor } from '../core/wait.ts';
import { describeNodePod, isRunning, podsOn } from '../harness/probes/pods-on-node.ts';
import { containersReplaced, notRunningAgain, type NodeSnapshot } from '../harness/probes/snapshot.ts';
import { echoContainer, echoLabel } from '../harness/workloads/echo.ts';
import { describePod, podsOf } from '../harness/workloads/ready.ts';
import { isReady, type KubePod } from '../harness/kube/objects.ts';
import { slugOf, type App } from './support/apps.ts';
import { throughout } from './support/budget.ts';
import type { EdgeWorld } from './support/world.ts';

/** A look at all Pods of a node is two crictl there: more often, looks are a fifth of what a busy machine does. */
const lookMs = 500;

Then('{string} runs again within {int} s as the same Pod', async function (this: EdgeWorld, name: string, seconds: number) {
  const app = this.app(name);
  const { snapshot } = await this.remember();
  const old = snapshot.pods.find(({ uid }) => uid === app.uid)?.containers.find((one) => one.name === echoContainer)?.id;
  if (old === undefined) throw new CannotTellError('NO_SNAPSHOT', `${app.pod} was not seen on ${snapshot.node} before, so whether it runs again cannot be told`);
  await this.within({ what: `${app.pod} running again on ${app.node}`, seconds, code: 'POD_NOT_RUNNING', since: this.lastFaultAt, everyMs: lookMs }, async (signal) => {
    const pod = (await podsOn(this.docker, app.node, signal)).find(({ uid }) => uid === app.uid);
    if (pod === undefined) return { missing: `${app.node} knows no Pod with UID ${app.uid}` };
    if (!isRunning(pod, [echoContainer])) return { missing: describeNodePod(pod) };
    return pod.containers.some(({ id }) => id === old) ? { missing: 'the container that was killed still runs' } : { done: true };
  });
});

/** @throws PromiseBroken `POD_NOT_RUNNING` */
async function runAgain(world: EdgeWorld, before: readonly NodeSnapshot[], seconds: number): Promise<void> {
  const count = before.reduce((sum, { pods }) => sum + pods.length, 0);
  let most = 0;
  await world.within({ what: `all ${count} Pods running again on ${before.map(({ node }) => node).join(', ')}`, seconds, code: 'POD_NOT_RUNNING', since: world.lastFaultAt, everyMs: lookMs }, async (signal) => {
    const missing = (await Promise.all(before.map(async (snapshot) => notRunningAgain(snapshot, await podsOn(world.docker, snapshot.node, signal))))).flat();
    if (count - missing.length > most) {
      most = count - missing.length;
      world.log(`${most} of ${count} run again`);
    }
    return missing.length === 0 ? { done: true } : { missing: `${missing.length} of ${count} do not run: ${missing.join('; ')}` };
  });
  world.podsRanAt = Date.now();
}

Then('every Pod that ran on the edge node runs again within {int} s as the same Pod', async function (this: EdgeWorld, seconds: number) {
  await runAgain(this, [(await this.remember()).snapshot], seconds);
});

Then('every Pod that ran in the site runs again within {int} s as the same Pod', async function (this: EdgeWorld, seconds: number) {
  const before = this.siteBefore;
  if (before.length === 0) throw new CannotTellError('NO_SNAPSHOT', 'no step has looked at what runs in the site');
  await runAgain(this, before, seconds);
});

Then('for {int} s every Pod that ran in the site goes on running', { timeout: 600_000 }, async function (this: EdgeWorld, seconds: number) {
  if (this.siteBefore.length === 0) throw new CannotTellError('NO_SNAPSHOT', 'no step has looked at what runs in the site');
  const before = await Promise.all(this.siteBefore.map(async (snapshot): Promise<NodeSnapshot> => {
    const now = await podsOn(this.docker, snapshot.node, this.signal);
    const missing = notRunningAgain(snapshot, now);
    if (missing.length > 0) throw new PromiseBroken('POD_NOT_RUNNING', `not even at the beginning of ${seconds} s: ${missing.join('; ')}`);
    return { node: snapshot.node, takenAt: new Date().toISOString(), pods: now.filter(({ uid }) => snapshot.pods.some((pod) => pod.uid === uid)) };
  }));
  await throughout({ forMs: seconds * 1000, everyMs: 2000, code: 'POD_REPLACED', signal: this.signal, seen: this.sampling('the site running the same containers') }, async () => {
    const replaced = (await Promise.all(before.map(async (snapshot) => containersReplaced(snapshot, await podsOn(this.docker, snapshot.node, this.signal))))).flat();
    return replaced.length === 0 ? undefined : replaced.join('; ');
  });
});

Then('the cloud knows the same Pods, and marks none for deletion', async function (this: EdgeWorld) {
  const differs = pastOf(await podsKnownToCloud(this), [...this.apps.values()]);
  if (differs !== undefined) throw new PromiseBroken('POD_REPLACED', differs);
});

When('the cloud removes {string}', async function (this: EdgeWorld, name: string) {
  const app = this.app(name);
  await this.kube.delete('apps/v1', 'Deployment', slugOf(name), { namespace: this.namespace, signal: this.signal });
  await waitFor(`the cloud marking ${app.pod} for deletion`, async (signal) => {
    const pod = await this.kube.find<KubePod>('v1', 'Pod', app.pod, { namespace: this.namespace, signal });
    return pod === undefined || pod.metadata.deletionTimestamp !== undefined ? { done: true } : { missing: 'it is not marked' };
  }, { timeoutMs: 15_000, signal: this.signal });
});

/** Another Pod is made at once; the old one goes when that one is Ready, as Deployments do it by default. */
When('the cloud replaces {string}', async function (this: EdgeWorld, name: string) {
  const app = this.app(name);
  await this.kubectl.run(['rollout', 'restart', `deployment/${slugOf(name)}`, '--namespace', this.namespace], { timeoutMs: 10_000, signal: this.signal });
  await waitFor(`the cloud making another Pod of ${slugOf(name)}`, async (signal) => {
    const pods = await podsOf(this.kube, this.namespace, slugOf(name), signal);
    return pods.some(({ metadata }) => metadata.uid !== app.uid) ? { done: true } : { missing: 'there is the old one only' };
  }, { timeoutMs: 15_000, signal: this.signal });
});

const runsOn = async (world: EdgeWorld, { node, uid }: { readonly node: string; readonly uid: string }, signal: AbortSignal): Promise<string | undefined> => {
  const pod = (await podsOn(world.docker, node, signal)).find((one) => one.uid === uid);
  return pod !== undefined && (pod.sandbox.ready || pod.containers.some(({ running }) => running)) ? describeNodePod(pod) : undefined;
};

Then('the edge node has ended {string} within {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  const app = this.app(name);
  await this.within({ what: `${app.pod} ended on ${app.node}`, seconds, code: 'POD_KEPT', everyMs: lookMs }, async (signal) => {
    const still = await runsOn(this, app, signal);
    return still === undefined ? { done: true } : { missing: still };
  });
});

Then('the edge node runs another {string} and has ended the old one, within {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  const old = this.app(name);
  await this.within({ what: `another ${name} on ${old.node}`, seconds, code: 'POD_NOT_REPLACED' }, async (signal) => {
    const [still, pods] = await Promise.all([runsOn(this, old, signal), podsOf(this.kube, this.namespace, slugOf(name), signal)]);
    if (still !== undefined) return { missing: `the old one is there: ${still}` };
    const ready = pods.find((pod) => pod.metadata.uid !== old.uid && isReady(pod));
    return ready?.spec.nodeName === old.node ? { done: true } : { missing: pods.map(describePod).join('; ') || 'the cloud knows no Pod of it' };
  });
});

Then('for {int} s the edge node does not run {string}', async function (this: EdgeWorld, seconds: number, name: string) {
  const app = this.app(name);
  await throughout({ forMs: seconds * 1000, code: 'POD_RISEN', signal: this.signal, seen: this.sampling(`the edge node not running ${name}`) }, async () => {
    const risen = await runsOn(this, app, this.signal);
    return risen === undefined ? undefined : `${app.node} runs what the cloud has removed: ${risen}`;
  });
});

const podsKnownToCloud = async (world: EdgeWorld): Promise<KubePod[]> => await world.kube.list<KubePod>('v1', 'Pod', { namespace: world.namespace, signal: world.signal });

/** What the cloud has done to the Pods of some applications: a sentence, or undefined when it knows just these, and wants them. */
function pastOf(known: readonly KubePod[], apps: readonly App[]): string | undefined {
  const doomed = known.find(({ metadata }) => metadata.deletionTimestamp !== undefined);
  if (doomed !== undefined) return `the cloud has marked ${doomed.metadata.name} for deletion`;
  const extra = known.filter(({ metadata }) => !apps.some(({ uid }) => uid === metadata.uid));
  if (extra.length > 0) return `the cloud has made ${extra.map(({ metadata }) => metadata.name).join(', ')} beside ${apps.map(({ name }) => slugOf(name)).join(', ')}`;
  return known.length === apps.length ? undefined : `the cloud knows ${known.length} of ${apps.length} Pods`;
}

Then('within {int} s the cloud marks the Pod of {string} for deletion', async function (this: EdgeWorld, seconds: number, name: string) {
  const app = this.app(name);
  const what = `eviction of ${app.pod} from ${app.node}, which is not autonomous and not reached`;
  await this.within({ what, seconds, code: 'POD_STUCK' }, async () => {
    const pod = (await podsKnownToCloud(this)).find(({ metadata }) => metadata.uid === app.uid);
    return pod === undefined || pod.metadata.deletionTimestamp !== undefined ? { done: undefined } : { missing: 'the cloud leaves it there' };
  });
});

Then('for {int} s the cloud marks no Pod of {string} for deletion', async function (this: EdgeWorld, seconds: number, name: string) {
  const app = this.app(name);
  await throughout({ forMs: seconds * 1000, code: 'POD_EVICTED', signal: this.signal, seen: this.sampling(`the cloud not marking ${name} for deletion`) }, async () => {
    const pod = (await podsKnownToCloud(this)).find(({ metadata }) => metadata.uid === app.uid);
    if (pod === undefined) return `the cloud has deleted ${app.pod}, which runs on ${app.node}`;
    return pod.metadata.deletionTimestamp === undefined ? undefined : `the cloud has marked ${app.pod} for deletion although it runs on ${app.node}`;
  });
});

Then('for {int} s the edge node runs the same containers as before, and the cloud knows the same Pods', async function (this: EdgeWorld, seconds: number) {
  const { snapshot } = await this.remember();
  await throughout({ forMs: seconds * 1000, code: 'POD_REPLACED', signal: this.signal, seen: this.sampling('the edge node running the same containers, and the cloud knowing the same Pods') }, async () => {
    const replaced = containersReplaced(snapshot, await podsOn(this.docker, snapshot.node, this.signal));
    if (replaced.length > 0) return replaced.join('; ');
    // What is elsewhere may be somebody else's business: a node without autonomy is handled as usual.
    const here = [...this.apps.values()].filter(({ node }) => node === snapshot.node);
    const known = (await podsKnownToCloud(this)).filter(({ metadata }) => here.some(({ name }) => metadata.labels?.[echoLabel] === slugOf(name)));
    return pastOf(known, here);
  });
});
