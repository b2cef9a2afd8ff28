/** What is interrupted: a command line of edgeproof's, and when. */
export interface Victim {
  readonly name: string;
  readonly args: readonly string[];
  /** How the line begins that it writes when this part of it does; without it, from its start. */
  readonly from?: string;
  /** For how long that part goes on by itself on two cores, in milliseconds. The moment is anywhere in that. */
  readonly ms: number;
}

/** What is done: a signal to edgeproof, SIGKILL to its engine's daemon, or its cluster removed by another edgeproof. */
export type Strike = 'SIGINT' | 'SIGKILL' | 'the engine killed' | 'the cluster removed';

const name = 'accident';
const graded = ['conformance', '--topology', 'one-edge', '--name', name, '--tags'];
const boot: Victim = { name: 'boot', args: ['up', 'one-edge', '--name', name], ms: 40_000 };
/** A fault is on in most of it: who heals that then is what matters. */
const run: Victim = { name: 'run', args: [...graded, '@autonomy-container-restart'], from: 'Features', ms: 25_000 };
/** What is torn down needs to be a cluster, and no more. */
const teardown: Victim = { name: 'teardown', args: [...graded, '@lifecycle-placement-taint'], from: '… Tearing down', ms: 4_000 };

/** One after the other, and again from the first. */
export const accidents: readonly { readonly victim: Victim; readonly strike: Strike }[] = [
  { victim: boot, strike: 'SIGINT' }, { victim: run, strike: 'SIGKILL' }, { victim: teardown, strike: 'SIGINT' },
  { victim: boot, strike: 'SIGKILL' }, { victim: run, strike: 'SIGINT' }, { victim: teardown, strike: 'SIGKILL' },
  { victim: run, strike: 'the engine killed' }, { victim: run, strike: 'the cluster removed' },
];

/** A whole run that is to work after all of them. */
export const wholeRun = teardown.args;
export const removal = ['down', name, '--force'];

/** How it may end then. What is told of the cluster is never that a promise is broken (1), nor that edgeproof has a bug (255). */
export const mayEndWith: Readonly<Record<Strike, readonly number[]>> = {
  // Before there is anybody who listens, the signal itself ends it.
  SIGINT: [0, 2, 130],
  SIGKILL: [137],
  // What was known before stays so.
  'the engine killed': [0, 2],
  'the cluster removed': [0, 2],
};
