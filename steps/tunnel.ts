import { createHash, randomBytes } from 'node:crypto';
import { Given, Then } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { attempt, failureOf, names } from './support/kubectl-attempt.ts';
import type { App } from './support/apps.ts';
import { execArgs, logsArgs, logsOf, logsProblem, oneAttemptMs, through, transportEnv, where, type Transport } from './support/tunnel.ts';
import type { EdgeWorld } from './support/world.ts';

Given('kubectl logs of {string} shows the lines it wrote, within {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  const app = this.app(name);
  const seen = await logsOf(this, app, seconds * 1000);
  this.attachBudget({ what: `kubectl logs of ${name}`, budgetMs: seconds * 1000, tookMs: seen.tookMs });
  const problem = logsProblem(app, seen);
  if (problem !== undefined) throw new PromiseBroken(problem.code, `kubectl logs of ${app.pod} on ${app.node}: ${problem.sentence}`);
});

/*
 * One success after a loss may be luck: of several servers one works. An exec dials the node each time, where a log may come over a
 * connection that the API server has left over from the one before: ten in a row were seen to be one connection.
 */
Then('kubectl exec in {string} works again, {int} times in a row, within {int} s', async function (this: EdgeWorld, name: string, times: number, seconds: number) {
  const app = this.app(name);
  let inARow = 0;
  await this.within({ what: `kubectl exec in ${where(app)} again, ${times} times in a row`, seconds, code: 'EXEC_UNREACHABLE', everyMs: 50 }, async () => {
    const failure = failureOf(await attempt(this, execArgs(this, app, 'true'), { timeoutMs: oneAttemptMs }));
    inARow = failure === undefined ? inARow + 1 : 0;
    return inARow === times ? { done: true } : { missing: failure ?? `it has worked ${inARow} times in a row` };
  });
});

Then('kubectl exec in {string} works, {int} times in a row, within {int} s each', async function (this: EdgeWorld, name: string, times: number, seconds: number) {
  const app = this.app(name);
  for (let time = 1; time <= times; time++) await through(this, { what: `kubectl exec in ${where(app)}, time ${time}`, code: 'EXEC_UNREACHABLE', args: execArgs(this, app, 'true'), seconds });
});

Then('kubectl logs of {string} shows the lines it wrote again, within {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  const app = this.app(name);
  await this.within({ what: `kubectl logs of ${app.pod} on ${app.node} again`, seconds, code: 'LOGS_UNREACHABLE' }, async () => {
    const problem = logsProblem(app, await logsOf(this, app, oneAttemptMs));
    return problem === undefined ? { done: true } : { missing: problem.sentence };
  });
});

const onWhat = { logs: logsArgs, exec: (world: EdgeWorld, app: App) => execArgs(world, app, 'true') } as const;

/** With the link gone. @throws PromiseBroken `LOGS_HANG`, `EXEC_HANG`, `ERROR_UNCLEAR`; CannotTellError `FAULT_NOT_FELT` when it works */
async function failsClearly(world: EdgeWorld, verb: keyof typeof onWhat, name: string, seconds: number): Promise<void> {
  const app = world.app(name);
  const what = `kubectl ${verb} of ${where(app)}`;
  const seen = await attempt(world, onWhat[verb](world, app), { timeoutMs: seconds * 1000 });
  world.attachBudget({ what: `kubectl ${verb} of ${name} failing`, budgetMs: seconds * 1000, tookMs: seen.tookMs });
  if (seen.code === 0) throw new CannotTellError('FAULT_NOT_FELT', `${what} worked although the WAN of site ${world.roles.site} is cut: there is another way to it`);
  if (seen.code === 'killed') throw new PromiseBroken(`${verb.toUpperCase()}_HANG`, `${what} still hung after ${seconds} s with the WAN cut`);
  const { address } = world.roles.edgeNode;
  // The API server writes the URL that it asked for before whatever a tunnel says.
  if (!names(seen.stderr.replaceAll(/\bhttps?:\/\/\S+/g, ''), [app.node, address])) {
    throw new PromiseBroken('ERROR_UNCLEAR', `${what} failed with the WAN cut, but its error names neither ${app.node} nor ${address}: ${seen.stderr.trim() || '(nothing)'}`);
  }
}

Then('kubectl logs of {string} fails within {int} s with an error that names the node', async function (this: EdgeWorld, name: string, seconds: number) {
  await failsClearly(this, 'logs', name, seconds);
});

Then('kubectl exec in {string} fails within {int} s with an error that names the node', async function (this: EdgeWorld, name: string, seconds: number) {
  await failsClearly(this, 'exec', name, seconds);
});

/** @throws PromiseBroken `EXEC_UNREACHABLE`, `EXEC_EXIT_CODE_LOST`, `EXEC_OUTPUT_LOST` */
async function execReturnsAll(world: EdgeWorld, name: string, code: number, seconds: number, transport: Transport): Promise<void> {
  const app = world.app(name);
  const script = `echo "out of $POD_NAME"; echo "err of $POD_NAME" >&2; exit ${code}`;
  const seen = await attempt(world, execArgs(world, app, script), { timeoutMs: seconds * 1000, env: transportEnv(transport) });
  world.attachBudget({ what: `kubectl exec in ${name}`, budgetMs: seconds * 1000, tookMs: seen.tookMs });
  const what = `kubectl exec in ${where(app)} over ${transport}`;
  const failure = failureOf(seen, code);
  if (failure !== undefined) throw new PromiseBroken('EXEC_UNREACHABLE', `${what}: ${failure}`);
  if (seen.code !== code) throw new PromiseBroken('EXEC_EXIT_CODE_LOST', `${what}: exit code ${seen.code}, not ${code}: ${seen.stderr.trim()}`);
  if (seen.stdout !== `out of ${app.pod}\n`) throw new PromiseBroken('EXEC_OUTPUT_LOST', `${what}: stdout was ${JSON.stringify(seen.stdout)}`);
  if (!seen.stderr.startsWith(`err of ${app.pod}\n`)) throw new PromiseBroken('EXEC_OUTPUT_LOST', `${what}: stderr was ${JSON.stringify(seen.stderr)}`);
}

Then('kubectl exec of a command in {string} returns its stdout, its stderr and its exit code {int}, within {int} s', async function (this: EdgeWorld, name: string, code: number, seconds: number) {
  await execReturnsAll(this, name, code, seconds, 'WebSocket');
});

Then('kubectl exec of a command in {string} over {word} returns its stdout, its stderr and its exit code {int}, within {int} s', async function (this: EdgeWorld, name: string, transport: Transport, code: number, seconds: number) {
  await execReturnsAll(this, name, code, seconds, transport);
});

Then('{int} bytes piped into kubectl exec of {string} over {word} arrive with the same checksum, within {int} s', async function (this: EdgeWorld, bytes: number, name: string, transport: Transport, seconds: number) {
  const app = this.app(name);
  const input = randomBytes(bytes);
  const expected = createHash('sha256').update(input).digest('hex');
  const what = `${bytes} bytes into kubectl exec of ${where(app)} over ${transport}`;
  const seen = await through(this, { what, code: 'EXEC_UNREACHABLE', args: execArgs(this, app, 'exec sha256sum', ['--stdin']), seconds, input, env: transportEnv(transport) });
  const [arrived] = seen.stdout.split(' ');
  if (arrived !== expected) throw new PromiseBroken('EXEC_STDIN_LOST', `${what}: SHA-256 ${expected} went in, and ${arrived || 'nothing'} came out of sha256sum`);
});
