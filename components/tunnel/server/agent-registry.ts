import type { SessionEnd } from '../protocol/index.ts';
import type { AgentSession } from './agent-session.ts';
import { lossText } from './loss.ts';

/** How long an agent that was sent to another server may take to get there. Milliseconds. */
const movingMs = 3000;
const takenOver = 'a newer session of this node has taken over';

/**
 * The sessions of this server's agents. A node may have several for a while (its agent moves, or was killed and the old
 * link is not known to be dead): the newest serves, the older ones are drained, and the end of an old one touches
 * nothing but itself.
 */
export class AgentRegistry {
  readonly #agents = new Map<string, AgentSession[]>();
  readonly #lost = new Map<string, { readonly reason: string; readonly at: number }>();
  readonly #sentAway = new Map<string, number>();

  /** The one that new streams to a node go through. */
  get(node: string): AgentSession | undefined {
    return this.#agents.get(node)?.findLast(({ session }) => session.isReady && !session.isDraining);
  }

  *all(): Generator<AgentSession> {
    for (const agents of this.#agents.values()) yield* agents;
  }

  get nodeCount(): number {
    return this.#agents.size;
  }

  /** Why a node's agent is not here, if it ever was. */
  whyAbsent(node: string): string | undefined {
    if (this.#agents.get(node)?.some(({ session }) => session.isDraining)) return lossText('it is being stopped, and only ends what is open', 0);
    const loss = this.#lost.get(node);
    return loss && lossText(loss.reason, Date.now() - loss.at);
  }

  /** Whether a node's agent was sent away a moment ago: it will be at another server, or is there already. */
  isMoving(node: string): boolean {
    return Date.now() - (this.#sentAway.get(node) ?? -Infinity) < movingMs;
  }

  /** An agent said hello. Those that its node had before take no new streams. */
  add(node: string, agent: AgentSession): void {
    this.#lost.delete(node);
    const older = this.#agents.get(node) ?? [];
    this.#agents.set(node, [...older, agent]);
    for (const { session } of older) {
      session.drain(takenOver);
      // What has had no answer yet may never get one there, as the older one may have lost its end: whoever waits for it asks again, and comes to the new one.
      for (const stream of [...session.streams]) if (!stream.isOpened) stream.reset('DRAINING', takenOver);
    }
  }

  /** A session has ended. @returns whether it was one of these */
  remove(node: string, agent: AgentSession): boolean {
    const before = this.#agents.get(node) ?? [];
    const left = before.filter((one) => one !== agent);
    if (left.length > 0) this.#agents.set(node, left);
    else this.#agents.delete(node);
    return left.length < before.length;
  }

  /** Why a session of a node has ended, or was none: told to those who ask for the node. */
  noteLoss(node: string, end: SessionEnd): void {
    this.#lost.set(node, { reason: end.reason, at: Date.now() });
  }

  /** Sends all agents to other servers. */
  sendAway(reason: string): void {
    const now = Date.now();
    for (const [node, agents] of this.#agents) {
      this.#sentAway.set(node, now);
      for (const { session } of agents) session.drain(reason);
    }
  }

  /** Ends all sessions of a node that is no longer one, and forgets it. */
  revoke(node: string, reason: string): void {
    for (const { session } of this.#agents.get(node) ?? []) session.close('REVOKED', reason);
    this.#lost.delete(node);
    this.#sentAway.delete(node);
  }
}
