import type { App, AppOptions } from './apps.ts';
import { attempt, failureOf } from './kubectl-attempt.ts';
import { execArgs, where } from './tunnel.ts';
import type { EdgeWorld } from './world.ts';

/** One more application on each of these nodes that has none yet. */
export function appsElsewhere(nodes: readonly { readonly name: string }[], apps: readonly Pick<App, 'node'>[]): AppOptions[] {
  const taken = new Set(apps.map(({ node }) => node));
  return nodes.filter(({ name }) => !taken.has(name)).map(({ name }, index) => ({ name: `other ${index + 1}`, node: name }));
}

/**
 * What is wrong with `kubectl exec` in each application of the scenario, all asked at once; undefined when nothing is. An exec dials the
 * node each time; a log may come over a connection that the API server has left over from the one before, and says nothing of new ones.
 */
export async function execFailures(world: EdgeWorld, timeoutMs: number): Promise<string | undefined> {
  const failures = await Promise.all([...world.apps.values()].map(async (app) => {
    const failed = failureOf(await attempt(world, execArgs(world, app, 'true'), { timeoutMs }));
    return failed === undefined ? [] : [`kubectl exec in ${where(app)}: ${failed}`];
  }));
  const all = failures.flat();
  return all.length === 0 ? undefined : all.join('; ');
}
