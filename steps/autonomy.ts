import { Then, When } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { waitFor } from '../core/wait.ts';
import { describeNodePod, isRunning, podsOn } from '../harness/probes/pods-on-node.ts';
import { containersReplaced, notRunningAgain, type NodeSnapshot } from '../harness/probes/snapshot.ts';
import { echoContainer } from '../harness/workloads/echo.ts';
import type { KubePod } from '../harness/kube/objects.ts';
import { slugOf, type App } from './support/apps.ts';
import { throughout } from './support/budget.ts';
import type { EdgeWorld } from './support/world.ts';

Then('{string} runs again within {int} s as the same Pod', async function (this: EdgeWorld, name: string, seconds: number) {
  const app = this.app(name);
  const { snapshot } = await this.remember();
  const old = snapshot.pods.find(({ uid }) => uid === app.uid)?.containers.find((one) => one.name === echoContainer)?.id;
  if (old === undefined) throw new CannotTellError('NO_SNAPSHOT', `${app.pod} was not seen on ${snapshot.node} before, so whether it runs again cannot be told`);
  await this.within({ what: `${app.pod} running again on ${app.node}`, seconds, code: 'POD_NOT_RUNNING', since: this.lastFaultAt }, async (signal) => {
    const pod = (await podsOn(this.docker, app.node, signal)).find(({ uid }) => uid === app.uid);
    if (pod === undefined) return { missing: `${app.node} knows no Pod with UID ${app.uid}` };
    if (!isRunning(pod, [echoContainer])) return { missing: describeNodePod(pod) };
    return pod.containers.some(({ id }) => id === old) ? { missing: 'the container that was killed still runs' } : { done: true };
  });
});

Then('every Pod that ran on the edge node runs again within {int} s as the same Pod', async function (this: EdgeWorld, seconds: number) {
  const { snapshot } = await this.remember();
  await this.within({ what: `all ${snapshot.pods.length} Pods running again on ${snapshot.node}`, seconds, code: 'POD_NOT_RUNNING', since: this.lastFaultAt, everyMs: 500 }, async (signal) => {
    const missing = notRunningAgain(snapshot, await podsOn(this.docker, snapshot.node, signal));
    return missing.length === 0 ? { done: true } : { missing: `${missing.length} of ${snapshot.pods.length} do not run: ${missing.join('; ')}` };
  });
});

Then('every Pod that ran in the site runs again within {int} s as the same Pod', async function (this: EdgeWorld, seconds: number) {
  const before = this.siteBefore;
  if (before.length === 0) throw new CannotTellError('NO_SNAPSHOT', 'no step has looked at what runs in the site');
  const count = before.reduce((sum, { pods }) => sum + pods.length, 0);
  await this.within({ what: `all ${count} Pods running again on ${before.map(({ node }) => node).join(', ')}`, seconds, code: 'POD_NOT_RUNNING', since: this.lastFaultAt, everyMs: 500 }, async (signal) => {
    const missing = (await Promise.all(before.map(async (snapshot) => notRunningAgain(snapshot, await podsOn(this.docker, snapshot.node, signal))))).flat();
    return missing.length === 0 ? { done: true } : { missing: `${missing.length} of ${count} do not run: ${missing.join('; ')}` };
  });
});

Then('for {int} s every Pod that ran in the site goes on running', { timeout: 600_000 }, async function (this: EdgeWorld, seconds: number) {
  const now = await Promise.all(this.siteBefore.map(async ({ node }) => ({ node, takenAt: new Date().toISOString(), pods: await podsOn(this.docker, node, this.signal) })));
  const before = now.map((seen, index): NodeSnapshot => ({ ...seen, pods: seen.pods.filter(({ uid }) => this.siteBefore[index]?.pods.some((pod) => pod.uid === uid)) }));
  if (before.length === 0) throw new CannotTellError('NO_SNAPSHOT', 'no step has looked at what runs in the site');
  await throughout({ forMs: seconds * 1000, everyMs: 2000, code: 'POD_REPLACED', signal: this.signal }, async () => {
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

const runsOn = async (world: EdgeWorld, { node, uid }: { readonly node: string; readonly uid: string }, signal: AbortSignal): Promise<string | undefined> => {
  const pod = (await podsOn(world.docker, node, signal)).find((one) => one.uid === uid);
  return pod !== undefined && (pod.sandbox.ready || pod.containers.some(({ running }) => running)) ? describeNodePod(pod) : undefined;
};

Then('the edge node has ended {string} within {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  const app = this.app(name);
  await this.within({ what: `${app.pod} ended on ${app.node}`, seconds, code: 'POD_KEPT' }, async (signal) => {
    const still = await runsOn(this, app, signal);
    return still === undefined ? { done: true } : { missing: still };
  });
});

Then('for {int} s the edge node does not run {string}', async function (this: EdgeWorld, seconds: number, name: string) {
  const app = this.app(name);
  await throughout({ forMs: seconds * 1000, code: 'POD_RISEN', signal: this.signal }, async () => {
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

Then('for {int} s the cloud marks no Pod of {string} for deletion', async function (this: EdgeWorld, seconds: number, name: string) {
  const app = this.app(name);
  await throughout({ forMs: seconds * 1000, code: 'POD_EVICTED', signal: this.signal }, async () => {
    const pod = (await podsKnownToCloud(this)).find(({ metadata }) => metadata.uid === app.uid);
    if (pod === undefined) return `the cloud has deleted ${app.pod}, which runs on ${app.node}`;
    return pod.metadata.deletionTimestamp === undefined ? undefined : `the cloud has marked ${app.pod} for deletion although it runs on ${app.node}`;
  });
});

Then('for {int} s the edge node runs the same containers as before, and the cloud knows the same Pods', async function (this: EdgeWorld, seconds: number) {
  const { snapshot } = await this.remember();
  await throughout({ forMs: seconds * 1000, code: 'POD_REPLACED', signal: this.signal }, async () => {
    const replaced = containersReplaced(snapshot, await podsOn(this.docker, snapshot.node, this.signal));
    if (replaced.length > 0) return replaced.join('; ');
    return pastOf(await podsKnownToCloud(this), [...this.apps.values()]);
  });
});
