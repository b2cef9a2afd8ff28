import { connect } from 'node:net';
import { Given, Then, When } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { fetchThrough, forwardedPort } from './support/port-forward.ts';
import { saysWithin, transportEnv, where, type Transport } from './support/tunnel.ts';
import type { EdgeWorld } from './support/world.ts';

const code = 'PORT_FORWARD_UNREACHABLE';

Given('kubectl port-forward to {string} over {word} answers within {int} s', async function (this: EdgeWorld, name: string, transport: Transport, seconds: number) {
  const app = this.app(name);
  const what = `kubectl port-forward to ${where(app)} over ${transport}`;
  const program = this.kubectl.start(['port-forward', '--namespace', this.namespace, app.pod, `:${app.port}`], { env: transportEnv(transport) });
  this.programs.set('the port-forward', program);
  // It dials before it listens: on a node that cannot be reached it never says this.
  await saysWithin(this, program, 'Forwarding from 127.0.0.1:', { what, code, seconds });
  await this.within({ what, seconds, code }, async (signal) => {
    const answer = await fetchThrough(forwardedPort(program), signal);
    return answer.includes(app.uid) ? { done: true } : { missing: `it answered ${JSON.stringify(answer.slice(0, 100))}; kubectl said ${program.stderr.trim()}` };
  });
});

When('one of its connections is reset', async function (this: EdgeWorld) {
  const program = this.program('the port-forward');
  const socket = connect({ host: '127.0.0.1', port: forwardedPort(program) });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  // The beginning of a request, so that the application is connected too when the reset comes.
  await new Promise((resolve) => socket.write('GET / HTTP/1.1\r\nHost: x\r\n', resolve));
  socket.resetAndDestroy();
});

Then('{int} connections through it at once are all answered by {string}, within {int} s', async function (this: EdgeWorld, count: number, name: string, seconds: number) {
  const app = this.app(name);
  const program = this.program('the port-forward');
  const signal = AbortSignal.any([this.signal, AbortSignal.timeout(seconds * 1000)]);
  const startedAt = Date.now();
  const answers = await Promise.allSettled(Array.from({ length: count }, async () => await fetchThrough(forwardedPort(program), signal)));
  this.attachBudget({ what: `${count} connections through kubectl port-forward`, budgetMs: seconds * 1000, tookMs: Date.now() - startedAt });
  if (this.signal.aborted) throw new CannotTellError('INTERRUPTED', 'the run was interrupted');
  const failed = answers.flatMap((answer) => (answer.status === 'rejected' ? [String(answer.reason)] : answer.value.includes(app.uid) ? [] : [`another answer: ${answer.value.slice(0, 80)}`]));
  if (failed.length > 0) throw new PromiseBroken('PORT_FORWARD_LOST', `${failed.length} of ${count} connections failed: ${[...new Set(failed)].slice(0, 3).join('; ')}; kubectl ${program.code === undefined ? 'runs' : `ended with ${program.code}`}: ${program.stderr.trim().slice(-300)}`);
});
