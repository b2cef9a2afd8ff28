import { Given, Then, When } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { cloudSideOf } from '../harness/probes/cloud-side.ts';
import { attempt, failureOf } from './support/kubectl-attempt.ts';
import { followThroughOld, heldByCloud, stillFollowed, untilGone } from './support/old-carriers.ts';
import { execArgs, oneAttemptMs, where } from './support/tunnel.ts';
import type { EdgeWorld } from './support/world.ts';

When('all that goes over the WAN of the site comes 200 to 400 ms later, and each connection gets 64 KB a second', async function (this: EdgeWorld) {
  for (const kind of ['wan-latency', 'wan-thin'] as const) await this.disturb(kind, `site ${this.roles.site}`);
});

When('each connection over the WAN of the site ends when it has carried 100 KB one way', async function (this: EdgeWorld) {
  await this.disturb('wan-cut', `site ${this.roles.site}`);
});

When('connections over the WAN of the site last again', async function (this: EdgeWorld) {
  await this.heal('wan-cut');
});

When('nothing gets from the site to the cloud any more', async function (this: EdgeWorld) {
  await this.disturb('wan-mute', `site ${this.roles.site}`);
});

When('nothing gets from the cloud to the site any more', async function (this: EdgeWorld) {
  await this.disturb('wan-deaf', `site ${this.roles.site}`);
});

When('all gets over the WAN of the site again', async function (this: EdgeWorld) {
  await this.heal('wan-mute', 'wan-deaf');
});

Given('a kubectl logs -f of {string} runs through the session that there is, and has shown its lines within {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  await followThroughOld(this, this.app(name), seconds);
});

When('who closes a connection over the WAN of the site is heard 3 s later', async function (this: EdgeWorld) {
  await this.disturb('wan-slow-close', `site ${this.roles.site}`, { closeMs: 3000 });
});

/** Of sockets whose other end has said nothing. One that its owner has ended by itself, as the site's new session has come, is `fin-wait`. */
const unheardStates = ['established', 'fin-wait-1', 'fin-wait-2'];

/** All that the nodes of the site have lost, and the cloud, or its tunnel at least, has not heard of. */
async function resetUnheard(world: EdgeWorld): Promise<void> {
  const { docker, cluster, roles: { site }, signal } = world;
  const before = new Set((await cloudSideOf(docker, cluster, site, signal)).map(({ socket }) => socket));
  await world.disturb('wan-reset', `site ${site}`);
  const unheard = (await cloudSideOf(docker, cluster, site, signal, unheardStates)).filter(({ socket }) => before.has(socket));
  const toTunnel = unheard.filter(({ service }) => service === 'tunnel').length;
  if (toTunnel === 0) throw new CannotTellError('FAULT_NOT_FELT', `of ${before.size} connections over the WAN of site ${site} the cloud had heard at once that those to the tunnel have ended`);
  world.log(`of ${before.size} connections that the nodes of ${site} had lost the cloud still held ${unheard.length}, of which to the tunnel ${toTunnel}`);
}

When('all connections of the site over its WAN are reset, of which the cloud does not hear yet, and kubectl exec in {string} works within {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  const app = this.app(name);
  await this.oldSessions.leaveBehind(1, {
    held: async () => await heldByCloud(this),
    strike: async () => await resetUnheard(this),
    works: async () => await this.within({ what: `kubectl exec in ${where(app)}, beside the old session`, seconds, code: 'EXEC_UNREACHABLE', everyMs: 50 }, async () => {
      const failed = failureOf(await attempt(this, execArgs(this, app, 'true'), { timeoutMs: oneAttemptMs }));
      return failed === undefined ? { done: undefined } : { missing: failed };
    }),
    others: () => stillFollowed(this),
  });
});

Then('kubectl exec in {string} works, whenever it is asked, until {int} s after the end of the old session, which comes within {int} s', async function (this: EdgeWorld, name: string, after: number, seconds: number) {
  const app = this.app(name);
  const seen = await untilGone(this, after, seconds, async (timeoutMs) => failureOf(await attempt(this, execArgs(this, app, 'true'), { timeoutMs })));
  this.log(`kubectl exec in ${where(app)} worked ${this.oldSessions.roundsBeside + seen.beside} times while there still was something of the old session, and ${seen.after} times after its end`);
});

When('the edge node and its neighbour lose each other', async function (this: EdgeWorld) {
  const { edgeNode, neighbour } = this.roles;
  if (neighbour === undefined) throw new CannotTellError('NO_NEIGHBOUR', `no site of ${this.cluster.topology.name} has two nodes`);
  await this.disturb('node-partition', `node ${edgeNode.name},${neighbour.name}`);
});

When('they have each other again', async function (this: EdgeWorld) {
  await this.heal('node-partition');
});

When('containerd on the edge node is restarted', async function (this: EdgeWorld) {
  await this.disturb('containerd-restart', `node ${this.roles.edgeNode.name}`);
});

/** An answer whose end can be seen. */
const largeAnswer = (bytes: number): string => `head -c ${bytes} /dev/zero | tr '\\0' x; echo whole`;

Then('{int} bytes that kubectl exec in {string} prints break off within {int} s, with a non-zero exit code and a sentence', async function (this: EdgeWorld, bytes: number, name: string, seconds: number) {
  const app = this.app(name);
  const what = `${bytes} bytes printed by kubectl exec in ${where(app)}`;
  const seen = await attempt(this, execArgs(this, app, largeAnswer(bytes)), { timeoutMs: seconds * 1000 });
  this.attachBudget({ what, budgetMs: seconds * 1000, tookMs: seen.tookMs });
  if (seen.stdout.endsWith('whole\n')) throw new CannotTellError('FAULT_NOT_FELT', `${what} came whole, although no connection over the WAN of site ${this.roles.site} carries so much: there is another way to it`);
  if (seen.code === 'killed') throw new PromiseBroken('STREAM_HANGS', `${what}: ${seen.stdout.length} came, and no end within ${seconds} s`);
  if (seen.code === 0) throw new PromiseBroken('CUT_PASSES_FOR_END', `${what}: ${seen.stdout.length} came, and its exit code is 0`);
  if (seen.stderr.trim() === '') throw new PromiseBroken('ERROR_UNCLEAR', `${what}: it ended with ${seen.code} and said nothing`);
});
