import { locks } from 'node:worker_threads';
import { waitFor } from '../../core/wait.ts';
import type { SiteState } from '../../harness/cluster/state.ts';
import { sitesFor, type Ground, type Wanted } from './ground.ts';

/** Dispose of it when the scenario has cleaned up. */
export interface TakenGround extends AsyncDisposable {
  readonly ground: Ground;
}

/**
 * Waits until a scenario has what it wants to itself, and keeps it from those of other workers of this process. Those that
 * break nothing share all sites with each other. Whoever waits for all sites is next: those that would stand on one of them
 * follow it, or they could take turns there for ever. A worker that dies lets go of what it had.
 *
 * @throws WaitTimeoutError; the signal's reason
 */
export async function takeGround(wanted: Wanted, sites: readonly SiteState[], options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<TakenGround> {
  const { ground } = wanted;
  let turn: AsyncDisposable | undefined;
  try {
    return await waitFor('ground for the scenario to stand on', async () => {
      turn ??= await hold('turn', ground === 'one-site' ? 'shared' : 'exclusive');
      if (turn === undefined) return { missing: 'another scenario waits for all sites' };
      const taken = ground === 'one-site' ? await oneOf(sitesFor(wanted, sites)) : await allOf(ground, sites);
      if (taken !== undefined) return { done: taken };
      if (ground === 'one-site') {
        await turn[Symbol.asyncDispose]();
        turn = undefined;
      }
      return { missing: 'other scenarios stand there' };
    }, { everyMs: 100, ...options });
  } finally {
    await turn?.[Symbol.asyncDispose]();
  }
}

async function oneOf(sites: readonly SiteState[]): Promise<TakenGround | undefined> {
  for (const { name, nodes } of sites) {
    const held = await hold(siteLock(name), 'exclusive');
    if (held !== undefined) return { ground: { site: name, nodes: nodes.map((node) => node.name) }, [Symbol.asyncDispose]: async () => await held[Symbol.asyncDispose]() };
  }
  return undefined;
}

async function allOf(ground: 'everything' | 'namespace', sites: readonly SiteState[]): Promise<TakenGround | undefined> {
  await using stack = new AsyncDisposableStack();
  for (const { name } of sites) {
    const held = await hold(siteLock(name), ground === 'namespace' ? 'shared' : 'exclusive');
    if (held === undefined) return undefined;
    stack.use(held);
  }
  const all = stack.move();
  return { ground, [Symbol.asyncDispose]: async () => await all[Symbol.asyncDispose]() };
}

const siteLock = (site: string): string => `site-${site}`;

/** Holds a lock unless somebody else does. Node's locks reach all threads of a process, and end with the one that holds them. */
async function hold(lockName: string, mode: 'shared' | 'exclusive'): Promise<AsyncDisposable | undefined> {
  const [held, over] = [Promise.withResolvers<boolean>(), Promise.withResolvers<void>()];
  const end = locks.request(`edgeproof-${lockName}`, { mode, ifAvailable: true }, async (lock) => {
    held.resolve(lock !== null);
    if (lock !== null) await over.promise;
  });
  end.catch(held.reject);
  if (!(await held.promise)) return undefined;
  return {
    [Symbol.asyncDispose]: async () => {
      over.resolve();
      await end;
    },
  };
}
