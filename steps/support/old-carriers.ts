import { cloudSideOf, type CloudSide } from '../../harness/probes/cloud-side.ts';
import { echoLogLines } from '../../harness/workloads/echo.ts';
import type { App } from './apps.ts';
import { untilGhostsAreGone, type GhostsGone } from './ghosts.ts';
import { logsArgs, saysWithin, where } from './tunnel.ts';
import type { EdgeWorld } from './world.ts';

const followed = 'followed log of ';

/** The tunnel's connections over the WAN of the site that the cloud holds. */
export const heldByCloud = async ({ docker, cluster, roles, signal }: EdgeWorld): Promise<CloudSide[]> =>
  (await cloudSideOf(docker, cluster, roles.site, signal)).filter(({ service }) => service === 'tunnel');

/** Follows a log through a session that is to lose its edge. @throws PromiseBroken `LOGS_UNREACHABLE` */
export async function followThroughOld(world: EdgeWorld, app: App, seconds: number): Promise<void> {
  const program = world.kubectl.start(logsArgs(world, app, '--follow'));
  world.programs.set(`${followed}${where(app)}`, program);
  await saysWithin(world, program, echoLogLines(app.pod).at(-1)!, { what: `kubectl logs -f of ${where(app)}`, code: 'LOGS_UNREACHABLE', seconds });
}

/** The logs that were followed through the first of the old sessions, and still are. */
export const stillFollowed = ({ programs }: EdgeWorld): string[] => [...programs].filter(([name, { code: ended }]) => name.startsWith(followed) && ended === undefined).map(([name]) => `the ${name}`);

/** Of one attempt while none may fail. */
const patienceMs = 5000;

/**
 * Asks until nothing of the old sessions has been left for a while, from the last fault on, and attaches when their end came.
 *
 * @param ask says what was wrong, or nothing
 * @throws PromiseBroken `EXEC_UNREACHABLE`, `GHOST_HELD`
 */
export async function untilGone(world: EdgeWorld, afterSeconds: number, withinSeconds: number, ask: (timeoutMs: number) => Promise<string | undefined>): Promise<GhostsGone> {
  const since = world.lastFaultAt;
  const seen = await untilGhostsAreGone({ since, endsWithinMs: withinSeconds * 1000, afterMs: afterSeconds * 1000, code: 'EXEC_UNREACHABLE', signal: world.signal }, async () => await ask(patienceMs), async () => world.oldSessions.remains(await heldByCloud(world), stillFollowed(world)));
  world.attachBudget({ what: 'the end of the old sessions', budgetMs: withinSeconds * 1000, tookMs: seen.endedAt - since });
  return seen;
}
