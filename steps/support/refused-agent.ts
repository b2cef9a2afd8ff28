import { setTimeout as sleep } from 'node:timers/promises';
import { CannotTellError, PromiseBroken } from '../../core/errors.ts';
import { logSince } from '../../harness/probes/container-log.ts';
import { describeEdgeSide, edgeSideOf } from '../../harness/probes/edge-side.ts';
import { Lasting } from '../../harness/probes/lasting.ts';
import { partOnNode } from './tunnel-parts.ts';
import type { EdgeWorld } from './world.ts';

/** A dial, its handshake and a refusal take less than this, however busy the machine is. */
const attemptMs = 3000;
const everyMs = 250;

/** How who is turned away would say so. */
const refusal = /refus|reject|denied|forbidden|unauthori[sz]ed|revoked|expired|deleted|unknown|unable to verify|x509|not found|no (?:such )?node/i;

/** @internal The last line of a log that tells of a refusal. */
export const refusalIn = (log: string): string | undefined => log.split('\n').findLast((line) => refusal.test(line))?.trim();

/**
 * Watches that the agent of a node comes to no session, who refused whom: the node and its Pods may dial the tunnel, and no connection to it may last. So
 * it is seen whatever a tunnel says of itself. That the agent has tried meanwhile is seen in its log, by the reason it was given.
 *
 * @returns how it was refused, in its own words
 * @throws PromiseBroken `SESSION_BACK`, `REFUSED_WITHOUT_REASON`; CannotTellError when it does not run
 */
export async function staysRefused(world: EdgeWorld, node: string, forMs: number): Promise<string> {
  const { docker, cluster, signal } = world;
  const agent = await partOnNode(world, 'agent', node);
  const since = new Date();
  const startedAt = performance.now();
  const lasting = new Lasting(attemptMs);
  let elapsed = 0;
  while (elapsed < forMs) {
    const open = (await edgeSideOf(docker, cluster, node, signal)).filter(({ service }) => service === 'tunnel').map(describeEdgeSide);
    elapsed = performance.now() - startedAt;
    const held = lasting.look(open, elapsed);
    world.samples.add(`the agent of ${node} without a session`, { at: Date.now(), ...(held.length > 0 && { why: held.join(', ') }) });
    if (held.length > 0) throw new PromiseBroken('SESSION_BACK', `${(elapsed / 1000).toFixed(1)} s into ${forMs / 1000} s in which it is to be refused, a connection to the tunnel has lasted for more than ${attemptMs / 1000} s: ${held.join(', ')}`);
    await sleep(everyMs, undefined, { signal });
  }
  const after = await partOnNode(world, 'agent', node);
  if (agent.containers.some(({ id, running }) => running && !after.containers.some((one) => one.id === id && one.running))) throw new CannotTellError('AGENT_GONE', `the tunnel agent of ${node} was restarted meanwhile, so whether it tried is not known`);
  const log = await logSince(docker, after, since, signal);
  const said = refusalIn(log);
  if (said === undefined) throw new PromiseBroken('REFUSED_WITHOUT_REASON', `in ${forMs / 1000} s the agent of ${node} has not said that it was refused, and why: ${log.trim().slice(-300) || 'it said nothing'}`);
  return said;
}
