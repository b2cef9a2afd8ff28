import type { Session, SessionEnd } from '../protocol/index.ts';

/** When and why a node was last lost. */
export interface Loss extends SessionEnd {
  readonly at: number;
}

/**
 * The sessions of this server's agents. A node may have several for a while (its agent moves, or was killed and the old
 * link is not known to be dead): the newest serves, the older ones are drained, and the end of an old one touches
 * nothing but itself.
 */
export class AgentRegistry {
  readonly #sessions = new Map<string, Session[]>();
  readonly #lost = new Map<string, Loss>();

  /** The session that new streams to a node go through. */
  get(node: string): Session | undefined {
    return this.#sessions.get(node)?.findLast((session) => session.isReady && !session.isDraining);
  }

  lastLoss(node: string): Loss | undefined {
    return this.#lost.get(node);
  }

  *all(): Generator<Session> {
    for (const sessions of this.#sessions.values()) yield* sessions;
  }

  get nodeCount(): number {
    return this.#sessions.size;
  }

  /** A session said hello. Those that the node had before take no new streams. */
  add(node: string, session: Session): void {
    const older = this.#sessions.get(node) ?? [];
    this.#sessions.set(node, [...older, session]);
    for (const one of older) one.drain('a newer session of this node has taken over');
  }

  /** A session has ended. */
  remove(node: string, session: Session, end: SessionEnd): void {
    const left = (this.#sessions.get(node) ?? []).filter((one) => one !== session);
    if (left.length > 0) this.#sessions.set(node, left);
    else this.#sessions.delete(node);
    this.#lost.set(node, { ...end, at: Date.now() });
  }

  /** Ends all sessions of a node that is no longer one. */
  revoke(node: string, reason: string): void {
    for (const session of this.#sessions.get(node) ?? []) session.close('REVOKED', reason);
  }

  /** Forgets why a node was lost: it is gone from the cluster. */
  forget(node: string): void {
    if (!this.#sessions.has(node)) this.#lost.delete(node);
  }
}
