import { Given, Then, When } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { edgeNodes, nodesOfSite, type NodeState } from '../harness/cluster/state.ts';
import { startApps } from './support/apps.ts';
import { appsElsewhere, execFailures } from './support/every-node.ts';
import { followThroughOld, heldByCloud, stillFollowed, untilGone } from './support/old-carriers.ts';
import { untilRow } from './support/row.ts';
import { oneAttemptMs } from './support/tunnel.ts';
import { agentOn, podsOf, replacePod } from './support/tunnel-parts.ts';
import type { EdgeWorld } from './support/world.ts';

const code = 'EXEC_UNREACHABLE';

/** And one where there is none yet. @throws PromiseBroken `EXEC_UNREACHABLE` */
async function execWorksOn(world: EdgeWorld, nodes: readonly NodeState[], seconds: number): Promise<void> {
  await startApps(world, appsElsewhere(nodes, [...world.apps.values()]));
  const failed = await execFailures(world, seconds * 1000);
  if (failed !== undefined) throw new PromiseBroken(code, failed);
}

Given('an application on every edge node, in which kubectl exec works within {int} s', async function (this: EdgeWorld, seconds: number) {
  await execWorksOn(this, edgeNodes(this.cluster), seconds);
});

Given('an application on every edge node of the site, in which kubectl exec works within {int} s', async function (this: EdgeWorld, seconds: number) {
  await execWorksOn(this, nodesOfSite(this.cluster, this.roles.site), seconds);
});

When('a tunnel server is deleted, and another one runs in its place', async function (this: EdgeWorld) {
  const servers = await podsOf(this, 'server');
  if (servers.length < 2) throw new CannotTellError('TOO_FEW', `there is ${servers.length} tunnel server, and this is about several`);
  this.successor = await replacePod(this, 'server', servers[0]!);
});

When('the tunnel agent of the edge node is deleted, and another one runs in its place', async function (this: EdgeWorld) {
  this.successor = await replacePod(this, 'agent', await agentOn(this, this.roles.edgeNode.name));
});

/** Of two servers one that lacks an agent is missed by ten in a row once in a thousand times. */
Then('it is ready, and kubectl exec works on every edge node, {int} times in a row that begin within {int} s of its start', async function (this: EdgeWorld, times: number, seconds: number) {
  const { successor } = this;
  if (successor === undefined) throw new CannotTellError('NOT_REPLACED', 'no step has replaced a part of the tunnel');
  const { part, pod, startedAt } = successor;
  await this.within({ what: `tunnel ${part} ${pod} Ready`, seconds, since: startedAt, code, everyMs: 100 }, async () =>
    ((await podsOf(this, part)).some(({ metadata }) => metadata.name === pod) ? { done: true } : { missing: 'it is not' }));
  const beganAt = await untilRow({ times, withinMs: seconds * 1000, since: startedAt, after: `the start of tunnel ${part} ${pod}`, what: 'kubectl exec on every edge node', code }, async () => await execFailures(this, oneAttemptMs));
  this.attachBudget({ what: `every edge node reached for good after the start of a tunnel ${part}`, budgetMs: seconds * 1000, tookMs: Math.max(0, beganAt - startedAt) });
});

Given('kubectl logs -f of the application on every edge node of the site runs, and has shown its lines within {int} s', async function (this: EdgeWorld, seconds: number) {
  const inside = new Set(nodesOfSite(this.cluster, this.roles.site).map(({ name }) => name));
  for (const app of [...this.apps.values()].filter(({ node }) => inside.has(node))) {
    await followThroughOld(this, app, seconds);
  }
});

When('the site comes back at another address {int} times, of which the cloud does not hear, and kubectl exec works on every edge node of the site within {int} s each time', async function (this: EdgeWorld, times: number, seconds: number) {
  await this.oldSessions.leaveBehind(times, {
    held: async () => await heldByCloud(this),
    strike: async () => void (await this.disturb('wan-rebind', `site ${this.roles.site}`)),
    works: async (time) => await this.within({ what: `kubectl exec on every edge node of the site, time ${time}`, seconds, code }, async () => {
      const failed = await execFailures(this, oneAttemptMs);
      return failed === undefined ? { done: undefined } : { missing: failed };
    }),
    others: () => stillFollowed(this),
  });
});

Then('kubectl exec works on every edge node of the site, whenever it is asked, until {int} s after the end of the old sessions, which comes within {int} s', async function (this: EdgeWorld, after: number, seconds: number) {
  const seen = await untilGone(this, after, seconds, async (timeoutMs) => await execFailures(this, timeoutMs));
  this.log(`kubectl exec worked on ${this.apps.size} edge nodes ${this.oldSessions.roundsBeside + seen.beside} times while the cloud still held some of ${this.oldSessions.count} old sessions, and ${seen.after} times after their end`);
});
