import { Given, Then, When } from '@cucumber/cucumber';
import { allDone } from '../core/all-done.ts';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { waitFor } from '../core/wait.ts';
import type { KubePod } from '../harness/kube/objects.ts';
import { podsRunningOn } from '../harness/probes/pods-on-node.ts';
import { echoLogLines } from '../harness/workloads/echo.ts';
import { logsArgs, logsOf, logsProblem, saysWithin, where } from './support/tunnel.ts';
import { partsOf, podsOf } from './support/tunnel-parts.ts';
import type { EdgeWorld } from './support/world.ts';

const rolloutSeconds = 120;

/** At once: one after the other, the first would be back before the last is gone. */
async function kill(world: EdgeWorld, pods: readonly KubePod[]): Promise<void> {
  await world.remember();
  await allDone(pods.map(async ({ metadata }) => await world.disturb('container-kill', `pod ${metadata.namespace}/${metadata.name}`)));
}

When('the tunnel agent of the edge node is killed', async function (this: EdgeWorld) {
  await kill(this, (await podsOf(this, 'agent')).filter(({ spec }) => spec.nodeName === this.roles.edgeNode.name));
});

/** A Pod that is deleted without grace leaves the API at once, and its processes when the kubelet gets to it. */
const goneMs = 60_000;

When('all tunnel agents and servers are deleted at once, without grace, and are gone', async function (this: EdgeWorld) {
  const { namespace } = partsOf(this);
  const pods = (await Promise.all([podsOf(this, 'agent'), podsOf(this, 'server')])).flat();
  await Promise.all(pods.map(async ({ metadata }) => await this.kube.delete('v1', 'Pod', metadata.name, { namespace, graceSeconds: 0, signal: this.signal })));
  const nodes = [...new Set(pods.map(({ spec }) => spec.nodeName!))];
  const victims = new Set(pods.map(({ metadata }) => metadata.uid));
  await waitFor('the end of the tunnel\'s old Pods', async (signal) => {
    const left = (await Promise.all(nodes.map(async (node) => await podsRunningOn(this.docker, node, signal)))).flat().filter(({ uid }) => victims.has(uid));
    return left.length === 0 ? { done: true } : { missing: `still running: ${left.map(({ name, node }) => `${name} on ${node}`).join(', ')}` };
  }, { timeoutMs: goneMs, everyMs: 250, signal: this.signal });
});

When('all tunnel servers are killed', async function (this: EdgeWorld) {
  await kill(this, await podsOf(this, 'server'));
});

When('one of several tunnel servers is killed', async function (this: EdgeWorld) {
  const servers = await podsOf(this, 'server');
  if (servers.length < 2) throw new CannotTellError('TOO_FEW', `there is ${servers.length} tunnel server, and this is about several`);
  await kill(this, servers.slice(0, 1));
});

Given('{int} kubectl logs -f of {string} run, and have shown their lines within {int} s', async function (this: EdgeWorld, count: number, name: string, seconds: number) {
  const app = this.app(name);
  // One after the other: they come to different servers by whatever spreads the API server's connections.
  for (let number = 1; number <= count; number++) {
    const program = this.kubectl.start(logsArgs(this, app, '--follow'));
    this.programs.set(`followed log ${number}`, program);
    await saysWithin(this, program, echoLogLines(app.pod).at(-1)!, { what: `kubectl logs -f of ${where(app)}, number ${number}`, code: 'LOGS_UNREACHABLE', seconds });
  }
});

Then('each of them shows {string} or has ended, within {int} s', async function (this: EdgeWorld, text: string, seconds: number) {
  const followed = [...this.programs].filter(([name]) => name.startsWith('followed log '));
  if (followed.length === 0) throw new CannotTellError('NOT_STARTED', 'no step has started any followed log');
  await this.within({ what: 'a word or an end of every followed log', seconds, code: 'LOGS_HANG', everyMs: 100 }, async () => {
    const silent = followed.filter(([, program]) => program.code === undefined && !program.stdout.includes(text)).map(([name]) => name);
    return silent.length === 0 ? { done: true } : { missing: `neither ended nor shown by ${silent.length} of ${followed.length}: ${silent.join(', ')}` };
  });
});

/** Of one call while the servers are replaced: each has to work. */
const callMs = 5000;

When('the tunnel servers are replaced one by one, while kubectl logs of {string} is asked for again and again', async function (this: EdgeWorld, name: string) {
  const app = this.app(name);
  const { namespace, server } = partsOf(this);
  const before = new Set((await podsOf(this, 'server')).map(({ metadata }) => metadata.name));
  await this.kubectl.run(['rollout', 'restart', `deployment/${server}`, '--namespace', namespace], { timeoutMs: 10_000, signal: this.signal });
  let over = false;
  let calls = 0;
  const failures: string[] = [];
  await allDone([
    this.kubectl.run(['rollout', 'status', `deployment/${server}`, '--namespace', namespace, `--timeout=${rolloutSeconds}s`], { timeoutMs: rolloutSeconds * 1000 + 5000, signal: this.signal }).finally(() => { over = true; }),
    (async () => {
      for (; !over; calls += 1) {
        const problem = logsProblem(app, await logsOf(this, app, callMs));
        if (problem !== undefined) failures.push(problem.sentence);
      }
    })(),
  ]);
  this.log(`${calls} kubectl logs while the servers were replaced, of which ${failures.length} failed`);
  if (failures.length > 0) throw new PromiseBroken('LOGS_UNREACHABLE', `${failures.length} of ${calls} kubectl logs of ${where(app)} failed while the servers were replaced: ${failures.slice(0, 3).join('; ')}`);
  const left = (await podsOf(this, 'server')).filter(({ metadata }) => before.has(metadata.name));
  if (left.length > 0) throw new CannotTellError('NOT_REPLACED', `${left.map(({ metadata }) => metadata.name).join(', ')} still serve`);
});
