import type { Log } from '../../tunnel/common/log.ts';
import type { Correction } from './metrics.ts';
import type { NodeNetwork } from './network.ts';
import { findPeers, Lasting, type Forward, type Neighbour, type Peer } from './peers.ts';
import type { StateFile } from './state.ts';
import type { VtepTimings } from './timings.ts';

export interface PeerKeeperOptions {
  readonly device: string;
  readonly network: NodeNetwork;
  readonly state: StateFile;
  /** This node's own. */
  readonly mac: string;
  readonly log: Log;
  readonly corrected: (of: Correction) => void;
  readonly timings: Pick<VtepTimings, 'lostForMs' | 'staleForMs' | 'overtakenWithinMs'>;
}

/** Keeps what this node has of its peers, as flannel has written it: flannel itself does not look at it again. */
export class PeerKeeper {
  readonly #options: PeerKeeperOptions;
  readonly #lost: Lasting<Peer>;
  readonly #stale: Lasting<Forward>;
  #expected = false;
  /** When neighbours were last written from memory, and what the forwarding database was then. */
  #written: { readonly at: number; readonly forwards: readonly Forward[] } | undefined;
  unresolved = 0;
  collisions = 0;

  constructor(options: PeerKeeperOptions) {
    this.#options = options;
    this.#lost = new Lasting(options.timings.lostForMs);
    this.#stale = new Lasting(options.timings.staleForMs);
  }

  /** What the neighbour table is to have, for whoever is about to write it anew: what is in it, and what has gone from it. @throws ExecError */
  async wanted(now: number): Promise<readonly Neighbour[]> {
    const { network, device, state } = this.#options;
    const tables = await network.tables(device);
    this.#written = { at: now, forwards: tables.forwards };
    return [...tables.neighbours, ...findPeers(tables, state.state.peers).lost];
  }

  /** The device has just been given another MAC: what is missing at the next look is damage, not flannel at work. */
  expectLoss(): void {
    this.#expected = true;
  }

  /**
   * @param now milliseconds, of a clock that only goes forward
   * @returns in how many of them the next look is due; Infinity when nothing calls for one
   * @throws ExecError
   */
  async look(now: number): Promise<number> {
    const { network, device, state, log, corrected, mac } = this.#options;
    const tables = await network.tables(device);
    const justWritten = this.#written !== undefined && now - this.#written.at < this.#options.timings.overtakenWithinMs;
    const found = findPeers(tables, state.state.peers, justWritten ? this.#written!.forwards : undefined);
    state.update({ peers: found.peers });
    const lasting = this.#lost.of(found.lost, now);
    const lost = this.#expected ? found.lost : lasting;
    this.#expected = false;
    if (lost.length > 0) {
      this.#written = { at: now, forwards: tables.forwards };
      await network.addNeighbours(device, lost);
    }
    if (found.overtaken.length > 0) await network.replaceNeighbours(device, found.overtaken);
    for (const { gateway, mac: is } of [...lost, ...found.overtaken]) {
      log.warn({ gateway, mac: is }, 'the entry for a peer was not there any more, and is again');
      corrected('neighbour');
    }
    for (const forward of this.#stale.of(found.stale, now)) {
      await network.removeForward(device, forward);
      log.info({ ...forward }, 'an entry that no peer has any more was removed');
      corrected('forward');
    }
    if (found.unresolved.length !== this.unresolved && found.unresolved.length > 0) log.error({ gateways: found.unresolved }, 'routes lead to nodes whose MAC is not known here: restart flannel on this node');
    this.unresolved = found.unresolved.length;
    const same = tables.neighbours.filter((one) => one.mac === mac);
    if (same.length !== this.collisions && same.length > 0) log.error({ gateways: same.map(({ gateway }) => gateway), mac }, 'another node has the same MAC, by the hash of its name: rename one of the two');
    this.collisions = same.length;
    return Math.min(...[this.#lost.dueIn(now), this.#stale.dueIn(now)].filter((ms) => ms !== undefined));
  }
}
