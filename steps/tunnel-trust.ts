import { setTimeout as sleep } from 'node:timers/promises';
import { Given, Then, When } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import type { TunnelTrust } from '../harness/implementation.ts';
import { nodeCertificate } from '../harness/probes/node-certificate.ts';
import { execFailures } from './support/every-node.ts';
import { attempt, failureOf } from './support/kubectl-attempt.ts';
import { callsMeanwhile, type Calls } from './support/meanwhile.ts';
import { turnBack, turnTrust } from './support/trust.ts';
import { execArgs, where } from './support/tunnel.ts';
import { notAnew, tunnelSessions } from './support/tunnel-sessions.ts';
import type { EdgeWorld } from './support/world.ts';

const code = 'EXEC_UNREACHABLE';
/** Of one call while none may fail. */
const callMs = 5000;

Given('it is known which sessions the tunnel has', async function (this: EdgeWorld) {
  this.tunnelSessions = await tunnelSessions(this);
});

/** @throws PromiseBroken `EXEC_UNREACHABLE` when one failed */
function demandAll(world: EdgeWorld, { made, failures }: Calls, what: string): void {
  world.log(`${made} times ${what}, of which ${failures.length} failed`);
  if (failures.length > 0) throw new PromiseBroken(code, `${failures.length} of ${made} times ${what} failed: ${failures.slice(0, 3).join('; ')}`);
}

const changedTrust = 'the authority that agents trust';

async function turn(world: EdgeWorld, trust: TunnelTrust): Promise<void> {
  world.demandAlone(`a rotation of ${changedTrust}`);
  const { session } = world;
  world.undos.add(changedTrust, async (signal) => await turnBack({ session, signal }));
  await turnTrust({ session, signal: world.signal }, trust);
}

const stages: Readonly<Record<string, TunnelTrust>> = {
  "the tunnel's agents are made to trust a new authority beside the old one": { trusted: ['old', 'new'], serving: 'old' },
  "the tunnel's servers are made to show certificates of the new one": { trusted: ['old', 'new'], serving: 'new' },
  "the tunnel's agents are made to trust the new one alone": { trusted: ['new'], serving: 'new' },
};

for (const [sentence, trust] of Object.entries(stages)) {
  When(`${sentence}, while kubectl exec in {string} is asked for again and again`, async function (this: EdgeWorld, name: string) {
    const app = this.app(name);
    const startedAt = performance.now();
    demandAll(this, await callsMeanwhile(async () => failureOf(await attempt(this, execArgs(this, app, 'true'), { timeoutMs: callMs })), async () => await turn(this, trust)), `kubectl exec in ${where(app)}`);
    this.log(`${sentence}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  });
}

When("the tunnel's servers show certificates of the old authority again, as who has its key could", async function (this: EdgeWorld) {
  await turn(this, { trusted: ['new'], serving: 'old' });
});

When("the tunnel's agents trust the old authority again", async function (this: EdgeWorld) {
  await turn(this, { trusted: ['old'], serving: 'old' });
  this.undos.drop(changedTrust);
});

/** @throws PromiseBroken `NOT_ANEW` */
async function comeAnew(world: EdgeWorld, seconds: number, whose: (node: string) => boolean): Promise<void> {
  const before = world.tunnelSessions;
  if (before === undefined) throw new CannotTellError('NOT_MEASURED', 'no step has looked which sessions the tunnel has');
  await world.within({ what: 'sessions that were not there before', seconds, code: 'NOT_ANEW', everyMs: 200 }, async () => {
    const missing = notAnew(before, await tunnelSessions(world)).filter(whose);
    return missing.length === 0 ? { done: undefined } : { missing: `no session but those of before: ${missing.join(', ')}` };
  });
}

Then('every agent has come to the tunnel anew, within {int} s', async function (this: EdgeWorld, seconds: number) {
  await comeAnew(this, seconds, () => true);
});

Then('the agent of the edge node has come to the tunnel anew, within {int} s', async function (this: EdgeWorld, seconds: number) {
  const { name } = this.roles.edgeNode;
  await comeAnew(this, seconds, (node) => node === name);
});

When('the certificate of the edge node is replaced by another one of it, which ends 8 s later', async function (this: EdgeWorld) {
  await this.disturb('cert-short', `node ${this.roles.edgeNode.name}`);
});

When('the certificate of the edge node is replaced by that of its neighbour', async function (this: EdgeWorld) {
  await this.disturb('cert-other', `node ${this.roles.edgeNode.name}`);
});

When('the certificate of the edge node is its own again', async function (this: EdgeWorld) {
  await this.heal('cert-short', 'cert-other');
});

When('that certificate has ended', async function (this: EdgeWorld) {
  const { endsAt } = await nodeCertificate(this.docker, this.roles.edgeNode.name, this.signal);
  // Its length is what the scenario is about; there is nothing to wait for.
  await sleep(Math.max(0, endsAt - Date.now()), undefined, { signal: this.signal });
});

Then('for {int} s kubectl exec works on every edge node of the site, whenever it is asked', async function (this: EdgeWorld, seconds: number) {
  demandAll(this, await callsMeanwhile(async () => await execFailures(this, callMs), async () => await sleep(seconds * 1000, undefined, { signal: this.signal })), 'kubectl exec on every edge node of the site');
});
