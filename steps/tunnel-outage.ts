import { Given, Then } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { edgeNodes } from '../harness/cluster/state.ts';
import { echoLogLines } from '../harness/workloads/echo.ts';
import { startApps } from './support/apps.ts';
import { fetchThrough, forwardedPort } from './support/port-forward.ts';
import { staysRefused } from './support/refused-agent.ts';
import { attachArgs, endsWithin, execArgs, logsArgs, saysWithin, showsWhenWritten, through, where } from './support/tunnel.ts';
import { containersOf } from './support/tunnel-parts.ts';
import type { EdgeWorld } from './support/world.ts';

/** What the scenarios of this file start, by what `World.programs` calls it. */
const cutOff = ['kubectl exec', 'kubectl attach', 'kubectl port-forward'] as const;

Given('kubectl exec, attach, logs -f and port-forward of {string} run, all of which work within {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  const app = this.app(name);
  const exec = this.kubectl.start(execArgs(this, app, 'echo begun; sleep 300'));
  this.programs.set('kubectl exec', exec);
  await saysWithin(this, exec, 'begun', { what: `kubectl exec in ${where(app)}`, code: 'EXEC_UNREACHABLE', seconds });
  const log = this.kubectl.start(logsArgs(this, app, '--follow'));
  this.programs.set('the followed log', log);
  const attached = this.kubectl.start(attachArgs(this, app));
  this.programs.set('kubectl attach', attached);
  const forward = this.kubectl.start(['port-forward', '--namespace', this.namespace, app.pod, `:${app.port}`]);
  this.programs.set('kubectl port-forward', forward);
  await saysWithin(this, log, echoLogLines(app.pod).at(-1)!, { what: `kubectl logs -f of ${where(app)}`, code: 'LOGS_UNREACHABLE', seconds });
  await showsWhenWritten(this, attached, app, 'written while attached', seconds);
  await saysWithin(this, forward, 'Forwarding from 127.0.0.1:', { what: `kubectl port-forward to ${where(app)}`, code: 'PORT_FORWARD_UNREACHABLE', seconds });
  await fetchThrough(forwardedPort(forward), AbortSignal.any([this.signal, AbortSignal.timeout(seconds * 1000)])).catch((cause: unknown) => {
    throw new PromiseBroken('PORT_FORWARD_UNREACHABLE', `the forwarded port of ${where(app)} does not answer: ${String(cause)}`, { cause });
  });
});

Then('kubectl exec, attach and port-forward end within {int} s, with a non-zero exit code and a sentence', async function (this: EdgeWorld, seconds: number) {
  for (const name of cutOff) {
    const program = this.program(name);
    const code = await endsWithin(this, program, { what: `the end of ${name}`, code: 'STREAM_HANGS', seconds, since: this.faultBeganAt });
    if (code === 0) throw new PromiseBroken('CUT_PASSES_FOR_END', `${name} was cut off and ended with exit code 0`);
    if (program.stderr.trim() === '') throw new PromiseBroken('ERROR_UNCLEAR', `${name} ended with ${code} and said nothing`);
  }
});

/*
 * Its exit code is not judged: the API server of Kubernetes 1.37 drops the error of a log that breaks off (StreamObject in
 * apiserver/pkg/endpoints/handlers/responsewriters/writers.go), so kubectl cannot know.
 */
Then('the followed log ends within {int} s', async function (this: EdgeWorld, seconds: number) {
  await endsWithin(this, this.program('the followed log'), { what: 'the end of the followed log', code: 'LOGS_HANG', seconds, since: this.faultBeganAt });
});

Given('it is known in which containers the tunnel runs', async function (this: EdgeWorld) {
  this.tunnelContainers = await containersOf(this, 'staying');
});

/** A container that has crashed, or was killed for its memory, is another one when it runs again. */
Then('the tunnel runs in the same containers as before', async function (this: EdgeWorld) {
  const before = this.tunnelContainers;
  if (before === undefined) throw new CannotTellError('NOT_MEASURED', 'no step has looked in which containers the tunnel runs');
  const now = await containersOf(this, 'all');
  const gone = [...before].filter(([name, id]) => now.get(name) !== id).map(([name]) => name);
  if (gone.length > 0) throw new PromiseBroken('CRASHED', `of ${before.size} containers ${gone.length} are not those of before: ${gone.join(', ')}`);
});

/** Longer than an agent may wait before it dials again: a session that comes back would be there by then. */
Then('for {int} s the edge node has no session with the tunnel, whose agent is refused with a reason', async function (this: EdgeWorld, seconds: number) {
  this.log(`the agent: ${await staysRefused(this, this.roles.edgeNode.name, seconds * 1000)}`);
});

Given('an application {string} on an edge node of another site', async function (this: EdgeWorld, name: string) {
  const elsewhere = edgeNodes(this.cluster).find(({ site }) => site !== this.roles.site)!;
  await startApps(this, [{ name, node: elsewhere.name }]);
});
