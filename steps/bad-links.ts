import { Then, When } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { attempt } from './support/kubectl-attempt.ts';
import { execArgs, where } from './support/tunnel.ts';
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
