import { Given, Then, When } from '@cucumber/cucumber';
import { allDone } from '../core/all-done.ts';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { waitFor } from '../core/wait.ts';
import type { KubePod } from '../harness/kube/objects.ts';
import { podsRunningOn } from '../harness/probes/pods-on-node.ts';
import { echoLogLines } from '../harness/workloads/echo.ts';
import { streamsOfServers } from './support/held-open.ts';
import { attempt, failureOf } from './support/kubectl-attempt.ts';
import { execArgs, logsArgs, saysWithin, where } from './support/tunnel.ts';
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

/** Whether the loss of a server is some streams' and not all: it carries one, and another passes other servers only. */
function isWorthKilling({ carriers }: EdgeWorld, { metadata: { name } }: KubePod): boolean {
  const known = [...carriers.values()];
  return known.some((passed) => passed.has(name)) && known.some((passed) => passed.size > 0 && !passed.has(name));
}

/** So many times what was asked for, until several servers carry some. By chance alone one of two carries all of eight once in 128 times. */
const most = 4;

Given('at least {int} kubectl logs -f of {string} run, through several tunnel servers, and have shown their lines within {int} s', async function (this: EdgeWorld, count: number, name: string, seconds: number) {
  const app = this.app(name);
  const servers = await podsOf(this, 'server');
  const spread = (): boolean => this.carriers.size === 0 || servers.some((server) => isWorthKilling(this, server));
  // One after the other: whatever spreads the API server's connections chooses, and where each of them goes is seen by what has grown.
  for (let number = 1; number <= count || (number <= most * count && !spread()); number++) {
    const before = await streamsOfServers(this, servers);
    const program = this.kubectl.start(logsArgs(this, app, '--follow'));
    const called = `followed log ${number}`;
    this.programs.set(called, program);
    await saysWithin(this, program, echoLogLines(app.pod).at(-1)!, { what: `kubectl logs -f of ${where(app)}, number ${number}`, code: 'LOGS_UNREACHABLE', seconds });
    const now = await streamsOfServers(this, servers);
    // None: over a connection that the API server had left over, and it may be anywhere.
    if (now !== undefined) this.carriers.set(called, new Set([...now].filter(([server, streams]) => streams > before!.get(server)!).map(([server]) => server)));
  }
});

When('one of several tunnel servers is killed, which carries some of them and not all', async function (this: EdgeWorld) {
  const servers = await podsOf(this, 'server');
  if (servers.length < 2) throw new CannotTellError('TOO_FEW', `there is ${servers.length} tunnel server, and this is about several`);
  const victim = this.carriers.size === 0 ? servers[0] : servers.find((server) => isWorthKilling(this, server));
  if (victim === undefined) throw new CannotTellError('NOT_SPREAD', `no tunnel server carries some of ${this.carriers.size} followed logs and not all`);
  this.lostServer = victim.metadata.name;
  await kill(this, [victim]);
});

Then('those of other servers go on and show {string}, and each of the lost one\'s shows it or has ended, within {int} s', async function (this: EdgeWorld, text: string, seconds: number) {
  const followed = [...this.programs].filter(([name]) => name.startsWith('followed log '));
  const { lostServer } = this;
  if (followed.length === 0 || lostServer === undefined) throw new CannotTellError('NOT_STARTED', 'no step has started any followed log and killed a server');
  const passed = (name: string): ReadonlySet<string> => this.carriers.get(name) ?? new Set();
  const others = followed.filter(([name]) => passed(name).size > 0 && !passed(name).has(lostServer));
  await this.within({ what: 'a word or an end of every followed log', seconds, code: 'LOGS_HANG', everyMs: 100 }, async () => {
    const cut = others.filter(([, program]) => program.code !== undefined);
    if (cut.length > 0) throw new PromiseBroken('OTHERS_CUT', `${cut.length} of ${others.length} followed logs that did not pass ${lostServer} ended with it: ${cut.map(([name]) => `${name} by ${[...passed(name)].join(' and ')}`).join(', ')}`);
    const silent = followed.filter(([, program]) => program.code === undefined && !program.stdout.includes(text)).map(([name]) => name);
    return silent.length === 0 ? { done: true } : { missing: `neither ended nor shown by ${silent.length} of ${followed.length}: ${silent.join(', ')}` };
  });
  const lost = followed.filter(([name]) => passed(name).has(lostServer));
  this.log(this.carriers.size === 0
    ? `the implementation does not tell its streams: of ${followed.length} followed logs ${followed.filter(([, { code }]) => code !== undefined).length} ended, whichever server they passed`
    : `of ${followed.length} followed logs ${lost.length} passed ${lostServer}, of which ${lost.filter(([, { code }]) => code !== undefined).length} ended; ${others.length} did not, and go on`);
});

/** Of one call while the servers are replaced: each has to work. */
const callMs = 5000;

When('the tunnel servers are replaced one by one, while kubectl exec in {string} is asked for again and again', async function (this: EdgeWorld, name: string) {
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
        const failure = failureOf(await attempt(this, execArgs(this, app, 'true'), { timeoutMs: callMs }));
        if (failure !== undefined) failures.push(failure);
      }
    })(),
  ]);
  this.log(`${calls} kubectl exec while the servers were replaced, of which ${failures.length} failed`);
  if (failures.length > 0) throw new PromiseBroken('EXEC_UNREACHABLE', `${failures.length} of ${calls} kubectl exec in ${where(app)} failed while the servers were replaced: ${failures.slice(0, 3).join('; ')}`);
  const left = (await podsOf(this, 'server')).filter(({ metadata }) => before.has(metadata.name));
  if (left.length > 0) throw new CannotTellError('NOT_REPLACED', `${left.map(({ metadata }) => metadata.name).join(', ')} still serve`);
});
