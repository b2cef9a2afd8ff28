import { CannotTellError } from '../../core/errors.ts';
import type { CloudSide } from '../../harness/probes/cloud-side.ts';

/** Of a session that the cloud holds, what tells it from another. */
export type HeldSession = Pick<CloudSide, 'node' | 'port' | 'socket'>;

/** What `oldSessions.leaveBehind` needs to do and to see. */
export interface LeavingBehind {
  /** The tunnel's sessions over the site's WAN that the cloud holds now. */
  held(): Promise<readonly HeldSession[]>;
  /** The site comes back at another address, of which the cloud does not hear. */
  strike(): Promise<void>;
  /** Waits until all works again. @throws PromiseBroken */
  works(time: number): Promise<void>;
  /** What else there is of the old sessions, in words: logs that are followed through them. */
  others(): readonly string[];
}

/** The sessions that a cloud still holds although their edge has come back elsewhere: nobody is behind them any more. */
export class OldSessions {
  readonly #sockets = new Map<string, HeldSession>();
  #roundsBeside = 0;

  get count(): number {
    return this.#sockets.size;
  }

  /** How often all was seen to work while there still was something of them. */
  get roundsBeside(): number {
    return this.#roundsBeside;
  }

  /** What there still is of them, in words. */
  remains(held: readonly HeldSession[], others: readonly string[]): string[] {
    const open = new Set(held.map(({ socket }) => socket));
    return [...[...this.#sockets.values()].filter(({ socket }) => open.has(socket)).map(({ node, port }) => `the session from port ${port} at ${node}`), ...others];
  }

  /**
   * Leaves sessions behind, time after time. Of several servers a node's new session comes to that of an old one by chance: with each time
   * that becomes likelier.
   *
   * @throws CannotTellError `NO_GHOST` when there is no session to leave behind
   */
  async leaveBehind(times: number, { held, strike, works, others }: LeavingBehind): Promise<void> {
    for (let time = 1; time <= times; time++) {
      const before = await held();
      if (before.length === 0) throw new CannotTellError('NO_GHOST', 'the tunnel has no connection over the WAN of the site');
      await strike();
      for (const session of before) this.#sockets.set(session.socket, session);
      await works(time);
      if (this.remains(await held(), others()).length > 0) this.#roundsBeside += 1;
    }
  }
}
