import { createHash, randomBytes } from 'node:crypto';
import { Given, Then } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { echoContainer, echoLogLines } from '../harness/workloads/echo.ts';
import { attempt, failureOf, names, type Attempt } from './support/kubectl-attempt.ts';
import type { App } from './support/apps.ts';
import type { EdgeWorld } from './support/world.ts';

const logsOf = async (world: EdgeWorld, app: App, timeoutMs: number): Promise<Attempt> =>
  await attempt(world, ['logs', '--namespace', world.namespace, app.pod, '--container', echoContainer], { timeoutMs });

/** What is wrong with a `kubectl logs`, or undefined. */
function logsProblem(app: App, seen: Attempt): { code: string; sentence: string } | undefined {
  const failure = failureOf(seen);
  if (failure !== undefined) return { code: 'LOGS_UNREACHABLE', sentence: failure };
  const lines = seen.stdout.split('\n');
  const lost = echoLogLines(app.pod).filter((line) => !lines.includes(line));
  return lost.length === 0 ? undefined : { code: 'LOGS_INCOMPLETE', sentence: `it lacks ${lost.length} of ${echoLogLines(app.pod).length} lines: ${lost.join(', ')}` };
}

Given('kubectl logs of {string} shows the lines it wrote, within {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  const app = this.app(name);
  const seen = await logsOf(this, app, seconds * 1000);
  this.attachBudget({ what: `kubectl logs of ${name}`, budgetMs: seconds * 1000, tookMs: seen.tookMs });
  const problem = logsProblem(app, seen);
  if (problem !== undefined) throw new PromiseBroken(problem.code, `kubectl logs of ${app.pod} on ${app.node}: ${problem.sentence}`);
});

/** Of one attempt while waiting for the tunnel to come back: it may hang, and another may work. */
const oneLogsAttemptMs = 3000;

Then('kubectl logs of {string} shows the lines it wrote again, within {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  const app = this.app(name);
  await this.within({ what: `kubectl logs of ${app.pod} on ${app.node} again`, seconds, code: 'LOGS_UNREACHABLE' }, async () => {
    const problem = logsProblem(app, await logsOf(this, app, oneLogsAttemptMs));
    return problem === undefined ? { done: true } : { missing: problem.sentence };
  });
});

Then('kubectl logs of {string} fails within {int} s with an error that names the node', async function (this: EdgeWorld, name: string, seconds: number) {
  const app = this.app(name);
  const seen = await logsOf(this, app, seconds * 1000);
  this.attachBudget({ what: `kubectl logs of ${name} failing`, budgetMs: seconds * 1000, tookMs: seen.tookMs });
  if (seen.code === 0) throw new CannotTellError('FAULT_NOT_FELT', `kubectl logs of ${app.pod} worked although the WAN of site ${this.roles.site} is down: there is another way to it`);
  if (seen.code === 'killed') throw new PromiseBroken('LOGS_HANG', `kubectl logs of ${app.pod} on ${app.node} still hung after ${seconds} s with the WAN down`);
  const { address } = this.roles.edgeNode;
  if (!names(seen.stderr, [app.node, address])) {
    throw new PromiseBroken('ERROR_UNCLEAR', `kubectl logs failed with the WAN down, but its error names neither ${app.node} nor ${address}: ${seen.stderr.trim() || '(nothing)'}`);
  }
});

Then('kubectl exec of a command in {string} returns its stdout, its stderr and its exit code {int}, within {int} s', async function (this: EdgeWorld, name: string, code: number, seconds: number) {
  const app = this.app(name);
  const script = `echo "out of $POD_NAME"; echo "err of $POD_NAME" >&2; exit ${code}`;
  const seen = await attempt(this, ['exec', '--namespace', this.namespace, app.pod, '--container', echoContainer, '--', 'sh', '-c', script], { timeoutMs: seconds * 1000 });
  this.attachBudget({ what: `kubectl exec in ${name}`, budgetMs: seconds * 1000, tookMs: seen.tookMs });
  const where = `kubectl exec in ${app.pod} on ${app.node}`;
  const failure = failureOf(seen, code);
  if (failure !== undefined) throw new PromiseBroken('EXEC_UNREACHABLE', `${where}: ${failure}`);
  if (seen.code !== code) throw new PromiseBroken('EXEC_EXIT_CODE_LOST', `${where}: exit code ${seen.code}, not ${code}: ${seen.stderr.trim()}`);
  if (seen.stdout !== `out of ${app.pod}\n`) throw new PromiseBroken('EXEC_OUTPUT_LOST', `${where}: stdout was ${JSON.stringify(seen.stdout)}`);
  if (!seen.stderr.startsWith(`err of ${app.pod}\n`)) throw new PromiseBroken('EXEC_OUTPUT_LOST', `${where}: stderr was ${JSON.stringify(seen.stderr)}`);
});

Then('{int} bytes piped into kubectl exec of {string} arrive with the same checksum, within {int} s', async function (this: EdgeWorld, bytes: number, name: string, seconds: number) {
  const app = this.app(name);
  const input = randomBytes(bytes);
  const expected = createHash('sha256').update(input).digest('hex');
  const args = ['exec', '--namespace', this.namespace, '--stdin', app.pod, '--container', echoContainer, '--', 'sha256sum'];
  const seen = await attempt(this, args, { timeoutMs: seconds * 1000, input });
  this.attachBudget({ what: `${bytes} bytes into kubectl exec of ${name}`, budgetMs: seconds * 1000, tookMs: seen.tookMs });
  const failure = failureOf(seen);
  if (failure !== undefined) throw new PromiseBroken('EXEC_UNREACHABLE', `kubectl exec in ${app.pod} on ${app.node}: ${failure}`);
  const [arrived] = seen.stdout.split(' ');
  if (arrived !== expected) throw new PromiseBroken('EXEC_STDIN_LOST', `${bytes} bytes with SHA-256 ${expected} went in, and ${arrived || 'nothing'} came out of sha256sum in ${app.pod}`);
});
