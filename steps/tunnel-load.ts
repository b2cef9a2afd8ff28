import { setTimeout as sleep } from 'node:timers/promises';
import { Given, Then, When } from '@cucumber/cucumber';
import { allDone } from '../core/all-done.ts';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { StartedProgram } from '../core/started-program.ts';
import { inside, writeLines } from './support/app-container.ts';
import type { App } from './support/apps.ts';
import { heldOpen, memoryHeld } from './support/held-open.ts';
import { describeLatencies, measureCalm, measureLatencies, medianOf, slowed } from './support/latencies.ts';
import { execArgs, logsArgs, through, where } from './support/tunnel.ts';
import { containersOf } from './support/tunnel-parts.ts';
import type { EdgeWorld } from './support/world.ts';

When('the follower is stopped, and {string} writes {int} lines of {int} bytes', async function (this: EdgeWorld, name: string, lines: number, bytes: number) {
  this.program('the followed log').signal('SIGSTOP');
  await writeLines(this, this.app(name), lines, bytes);
});

const samples = 5;

/** Median, in milliseconds. @throws PromiseBroken `EXEC_UNREACHABLE` */
async function execTakes(world: EdgeWorld, app: App): Promise<number> {
  const took: number[] = [];
  for (let time = 0; time < samples; time++) took.push((await through(world, { what: `kubectl exec in ${where(app)}`, code: 'EXEC_UNREACHABLE', args: execArgs(world, app, 'true'), seconds: 5 })).tookMs);
  return medianOf(took);
}

Given('it is known how long a kubectl exec in {string} takes', async function (this: EdgeWorld, name: string) {
  this.execMs = await execTakes(this, this.app(name));
});

Given('it is known how long a kubectl exec and the last line of the log of {string} take', async function (this: EdgeWorld, name: string) {
  this.latencies = await measureCalm(async () => await measureLatencies(this, this.app(name)));
});

/** A burst of other work on this machine passes; what the tunnel does to others does not. */
const calmSeconds = 30;

Then('a kubectl exec and the last line of the log of {string} take as long as before: half of them no longer than the longest then', async function (this: EdgeWorld, name: string) {
  const before = this.latencies;
  if (before === undefined) throw new CannotTellError('NOT_MEASURED', 'no step has measured how long they take');
  await this.within({ what: 'others as fast as before', seconds: calmSeconds, code: 'OTHERS_SLOWED', everyMs: 1 }, async () => {
    const now = await measureLatencies(this, this.app(name));
    this.log(`before: ${describeLatencies(before)}; now: ${describeLatencies(now)}`);
    const missing = slowed(before, now);
    return missing.length === 0 ? { done: true } : { missing: missing.join('; ') };
  });
});

Given('it is known how much memory the tunnel holds on the way to {string}, and in which containers', async function (this: EdgeWorld, name: string) {
  this.tunnelContainers = await containersOf(this, 'staying');
  this.memoryBefore = await memoryHeld(this, this.app(name));
});

/** In kilobytes. */
const MiB = 1024;

/** What each process holds, in words, and those that hold more than before by more than a limit, or are there no more. */
async function grown(world: EdgeWorld, name: string, limitMiB: number): Promise<{ readonly all: string; readonly over: readonly string[] }> {
  const before = world.memoryBefore;
  if (before === undefined) throw new CannotTellError('NOT_MEASURED', 'no step has measured how much memory the tunnel holds');
  const now = await memoryHeld(world, world.app(name));
  const told = [...before].map(([of, was]) => {
    const is = now.get(of) ?? Infinity;
    return { was, is, text: Number.isFinite(is) ? `${of} holds ${(is / MiB).toFixed(1)} MiB, and held ${(was / MiB).toFixed(1)}` : `${of} held ${(was / MiB).toFixed(1)} MiB, and is gone` };
  });
  return { all: told.map(({ text }) => text).join('; '), over: told.filter(({ was, is }) => is - was > limitMiB * MiB).map(({ text }) => text) };
}

Then('no part of the tunnel on the way to {string} holds {int} MiB more than before', async function (this: EdgeWorld, name: string, limitMiB: number) {
  const { all, over } = await grown(this, name, limitMiB);
  if (over.length > 0) throw new PromiseBroken('MEMORY_UNBOUNDED', over.join('; '));
  this.log(all);
});

Then('no part of the tunnel on the way to {string} holds {int} MiB more than before, within {int} s', async function (this: EdgeWorld, name: string, limitMiB: number, seconds: number) {
  this.log(await this.within({ what: 'memory given back', seconds, code: 'LEAKED', everyMs: 1000 }, async () => {
    const { all, over } = await grown(this, name, limitMiB);
    return over.length === 0 ? { done: all } : { missing: over.join('; ') };
  }));
});

/** What is taken from somebody and nobody reads is held somewhere: who holds ever more has no bound. */
const stallSeconds = 30;

/** Bytes that the writer has written so far, by its own kernel (proc(5): wchar); undefined when none runs. */
const wroteSoFar = `for p in /proc/[0-9]*; do if [ "$(tr '\\0' ' ' < "$p/cmdline" 2>/dev/null)" = 'cat /dev/zero ' ]; then sed -n 's/^wchar: //p' "$p/io"; fi; done`;

When('a kubectl exec in {string} that writes without end is stopped', async function (this: EdgeWorld, name: string) {
  const app = this.app(name);
  const writer = this.kubectl.start(execArgs(this, app, 'exec cat /dev/zero'));
  this.programs.set('a kubectl exec that writes without end', writer);
  await this.within({ what: `bytes from kubectl exec in ${where(app)}`, seconds: 5, code: 'EXEC_UNREACHABLE', everyMs: 25 }, async () => (writer.received > 0 ? { done: true } : { missing: `none has come: ${writer.stderr.trim()}` }));
  writer.signal('SIGSTOP');
  // Every buffer on the way is full when the writer cannot go on.
  let before = '';
  await this.within({ what: 'the standstill of what writes without end', seconds: stallSeconds, code: 'MEMORY_UNBOUNDED', everyMs: 500 }, async () => {
    const [last, now] = [before, (before = await inside(this, app, wroteSoFar))];
    if (now === '') throw new CannotTellError('NOT_STALLED', `nothing writes in ${app.pod} any more`);
    return last === now ? { done: true } : { missing: `it has written ${now.trim()} bytes and goes on, and nobody reads` };
  });
});

const atOnce = 6;
/** From before the dial to well after the first bytes: several at once take longer than one alone. */
const longestLife = 3;
/** So many must have come as far as to bytes; else nothing went through what is asked about. */
const leastShare = 0.1;

When('{int} kubectl logs -f and exec of {string} are killed, each in another phase', async function (this: EdgeWorld, count: number, name: string) {
  const app = this.app(name);
  const { execMs } = this;
  if (execMs === undefined) throw new CannotTellError('NOT_MEASURED', 'no step has measured how long a kubectl exec takes');
  let spoke = 0;
  const one = async (index: number): Promise<void> => {
    await using program: StartedProgram = this.kubectl.start(index % 2 === 0 ? logsArgs(this, app, '--follow') : execArgs(this, app, 'echo here; exec sleep 60'));
    // The length of its life is what this is about.
    await sleep((index / count) * longestLife * execMs, undefined, { signal: this.signal });
    if (program.received > 0) spoke += 1;
  };
  // Whoever has ended one begins the next: in rows of as many, all would wait for the slowest.
  let next = 0;
  await allDone(Array.from({ length: atOnce }, async () => {
    while (next < count) await one(next++);
  }));
  this.log(`${spoke} of ${count} had shown something when they were killed`);
  if (spoke < leastShare * count) throw new CannotTellError('NOT_LOADED', `only ${spoke} of ${count} kubectl had shown something when they were killed: hardly anything went through the tunnel`);
});

Given('it is known what is held open on the way to {string}', async function (this: EdgeWorld, name: string) {
  this.heldOpen = await heldOpen(this, this.app(name));
});

Then('at most {int} more of each is open there than before, within {int} s', async function (this: EdgeWorld, more: number, seconds: number) {
  const before = this.heldOpen;
  if (before === undefined) throw new CannotTellError('NOT_MEASURED', 'no step has counted what is open');
  await this.within({ what: 'what was open given back', seconds, code: 'LEAKED', everyMs: 1000 }, async () => {
    const now = await heldOpen(this, before.app);
    const gone = [...before.counts.keys()].filter((what) => !now.counts.has(what));
    if (gone.length > 0) throw new PromiseBroken('DIED_OF_IT', `there were ${gone.join(', ')}, and whoever held them is gone`);
    const leaks = [...now.counts].flatMap(([what, count]) => {
      const was = before.counts.get(what);
      return was === undefined || count <= was + more ? [] : [`${count} ${what}, and there were ${was}`];
    });
    return leaks.length === 0 ? { done: true } : { missing: leaks.join('; ') };
  });
});
