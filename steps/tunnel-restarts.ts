import { Given, Then, When } from '@cucumber/cucumber';
import { allDone } from '../core/all-done.ts';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { waitFor } from '../core/wait.ts';
import type { KubePod } from '../harness/kube/objects.ts';
import { podsRunningOn } from '../harness/probes/pods-on-node.ts';
import { afterLoss, describeCarriers, followedLogs, followThroughSeveral, isSomeAndNotAll } from './support/carriers.ts';
import { attempt, failureOf } from './support/kubectl-attempt.ts';
import { callsMeanwhile } from './support/meanwhile.ts';
import { execArgs, where } from './support/tunnel.ts';
import { agentOn, nodeOf, partsOf, podsOf } from './support/tunnel-parts.ts';
import type { EdgeWorld } from './support/world.ts';

const rolloutMs = 120_000;

/** At once: one after the other, the first would be back before the last is gone. */
async function kill(world: EdgeWorld, pods: readonly KubePod[]): Promise<void> {
  await world.remember();
  await allDone(pods.map(async ({ metadata }) => await world.disturb('container-kill', `pod ${metadata.namespace}/${metadata.name}`)));
}

When('the tunnel agent of the edge node is killed', async function (this: EdgeWorld) {
  await kill(this, [await agentOn(this, this.roles.edgeNode.name)]);
});

/** A Pod that is deleted without grace leaves the API at once, and its processes when the kubelet gets to it. */
const goneMs = 60_000;

When('all tunnel agents and servers are deleted at once, without grace, and are gone', async function (this: EdgeWorld) {
  this.demandAlone('the end of all tunnel agents and servers');
  const { namespace } = partsOf(this);
  const pods = (await Promise.all([podsOf(this, 'agent'), podsOf(this, 'server')])).flat();
  await Promise.all(pods.map(async ({ metadata }) => await this.kube.delete('v1', 'Pod', metadata.name, { namespace, graceSeconds: 0, signal: this.signal })));
  const nodes = [...new Set(pods.map(nodeOf))];
  const victims = new Set(pods.map(({ metadata }) => metadata.uid));
  await waitFor('the end of the tunnel\'s old Pods', async (signal) => {
    const left = (await Promise.all(nodes.map(async (node) => await podsRunningOn(this.docker, node, signal)))).flat().filter(({ uid }) => victims.has(uid));
    return left.length === 0 ? { done: true } : { missing: `still running: ${left.map(({ name, node }) => `${name} on ${node}`).join(', ')}` };
  }, { timeoutMs: goneMs, everyMs: 250, signal: this.signal });
});

When('all tunnel servers are killed', async function (this: EdgeWorld) {
  await kill(this, await podsOf(this, 'server'));
});

Given('at least {int} kubectl logs -f of {string} run, through several tunnel servers, and have shown their lines within {int} s', async function (this: EdgeWorld, count: number, name: string, seconds: number) {
  this.carriers = await followThroughSeveral(this, this.app(name), await podsOf(this, 'server'), count, seconds);
  this.log(`${this.carriers.size} followed logs: ${describeCarriers(this.carriers)}`);
});

When('one of several tunnel servers is killed, which carries some of them and not all', async function (this: EdgeWorld) {
  const servers = await podsOf(this, 'server');
  if (servers.length < 2) throw new CannotTellError('TOO_FEW', `there is ${servers.length} tunnel server, and this is about several`);
  const victim = servers.find(({ metadata }) => isSomeAndNotAll(this.carriers, metadata.name));
  if (victim === undefined) throw new CannotTellError('NOT_SPREAD', `no tunnel server carries some of ${this.carriers.size} followed logs and not all: ${describeCarriers(this.carriers)}`);
  this.lostServer = victim.metadata.name;
  await kill(this, [victim]);
});

Then('those of other servers go on and show {string}, and each of the lost one\'s shows it or has ended, within {int} s', async function (this: EdgeWorld, text: string, seconds: number) {
  const { lostServer, carriers } = this;
  const followed = followedLogs(this);
  if (followed.size === 0 || lostServer === undefined) throw new CannotTellError('NOT_STARTED', 'no step has started any followed log and killed a server');
  await this.within({ what: 'a word or an end of every followed log', seconds, code: 'LOGS_HANG', everyMs: 100 }, async () => {
    const missing = afterLoss(carriers, lostServer, new Map([...followed].map(([log, { code, stdout }]) => [log, { ended: code !== undefined, shows: stdout.includes(text) }])));
    return missing === undefined ? { done: true } : { missing };
  });
  const lost = [...followed].filter(([log]) => carriers.get(log)!.has(lostServer));
  this.log(`of ${followed.size} followed logs ${lost.length} needed ${lostServer}, of which ${lost.filter(([, { code }]) => code !== undefined).length} ended; ${followed.size - lost.length} did not, and go on`);
});

/** Of one call while the servers are replaced: each has to work. */
const callMs = 5000;

When('the tunnel servers are replaced one by one, while kubectl exec in {string} is asked for again and again', async function (this: EdgeWorld, name: string) {
  this.demandAlone('the replacement of the tunnel servers');
  const app = this.app(name);
  const { namespace, server } = partsOf(this);
  const before = new Set((await podsOf(this, 'server')).map(({ metadata }) => metadata.name));
  await this.kubectl.run(['rollout', 'restart', `deployment/${server}`, '--namespace', namespace], { timeoutMs: 10_000, signal: this.signal });
  const { made, failures } = await callsMeanwhile(
    async () => failureOf(await attempt(this, execArgs(this, app, 'true'), { timeoutMs: callMs })),
    async () => await this.kubectl.rolledOut(`deployment/${server}`, { namespace, timeoutMs: rolloutMs, signal: this.signal }),
  );
  this.log(`${made} kubectl exec while the servers were replaced, of which ${failures.length} failed`);
  if (failures.length > 0) throw new PromiseBroken('EXEC_UNREACHABLE', `${failures.length} of ${made} kubectl exec in ${where(app)} failed while the servers were replaced: ${failures.slice(0, 3).join('; ')}`);
  const left = (await podsOf(this, 'server')).filter(({ metadata }) => before.has(metadata.name));
  if (left.length > 0) throw new CannotTellError('NOT_REPLACED', `${left.map(({ metadata }) => metadata.name).join(', ')} still serve`);
});
