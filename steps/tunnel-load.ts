import { setTimeout as sleep } from 'node:timers/promises';
import { When } from '@cucumber/cucumber';
import { StartedProgram } from '../core/started-program.ts';
import { writeLines } from './support/app-container.ts';
import { execArgs, logsArgs } from './support/tunnel.ts';
import type { EdgeWorld } from './support/world.ts';

When('the follower is stopped, and {string} writes {int} lines of {int} bytes', async function (this: EdgeWorld, name: string, lines: number, bytes: number) {
  this.program('the followed log').signal('SIGSTOP');
  await writeLines(this, this.app(name), lines, bytes);
});

const atOnce = 6;
/** From before the dial to well after the first bytes, which take a fifth of a second here. */
const longestLifeMs = 400;

When('{int} kubectl logs -f and exec of {string} are killed, each in another phase', async function (this: EdgeWorld, count: number, name: string) {
  const app = this.app(name);
  const one = async (index: number): Promise<void> => {
    await using _program: StartedProgram = this.kubectl.start(index % 2 === 0 ? logsArgs(this, app, '--follow') : execArgs(this, app, 'exec sleep 60'));
    // The length of its life is what this is about.
    await sleep((index / count) * longestLifeMs, undefined, { signal: this.signal });
  };
  for (let first = 0; first < count; first += atOnce) await Promise.all(Array.from({ length: Math.min(atOnce, count - first) }, async (_, index) => await one(first + index)));
});
