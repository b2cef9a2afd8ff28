/** How this node reaches the Pods of another: the gateway of its route, the MAC for that, and where frames to the MAC go. */
export interface Peer {
  /** First address of the other's podCIDR: the gateway of the route to it. */
  readonly gateway: string;
  readonly mac: string;
  /** The other node's own address. */
  readonly address: string;
}

export interface Neighbour {
  readonly gateway: string;
  readonly mac: string;
}

export interface Forward {
  readonly mac: string;
  readonly address: string;
}

/** What flannel has written for a device, as the kernel has it now. */
export interface Tables {
  /** Gateways of the routes through the device. */
  readonly gateways: readonly string[];
  /** Permanent entries of its neighbour table. */
  readonly neighbours: readonly Neighbour[];
  /** Permanent entries of its forwarding database. */
  readonly forwards: readonly Forward[];
}

export interface PeersFound {
  /** All peers that are known now: to be remembered. */
  readonly peers: readonly Peer[];
  /** Whose neighbour entry is gone, and what it is to be. */
  readonly lost: readonly Peer[];
  /** Whose neighbour entry, just written, is of an earlier time than its forward; and what it is to be. */
  readonly overtaken: readonly Peer[];
  /** Gateways without a neighbour entry, of whom nothing is remembered that still holds. */
  readonly unresolved: readonly string[];
  /** Where no route leads any more: the peer has another MAC now, or is gone. */
  readonly stale: readonly Forward[];
}

/**
 * Finds what is missing and what is too much. A change of a device's MAC takes all its neighbour entries away, the permanent ones too
 * (neigh_changeaddr in the kernel's net/core/neighbour.c), and leaves its routes and forwarding database; flannel writes each once and looks at none again.
 *
 * Whoever writes them again may do so just when flannel writes that a peer has another MAC. flannel writes the neighbour first and then the forward: so
 * beside a forward that was not there yet, a neighbour that was just written from memory is the earlier one.
 *
 * @param remembered what an earlier look found
 * @param before what the forwarding database was when neighbours were last written from memory, if that has just been
 */
export function findPeers({ gateways, neighbours, forwards }: Tables, remembered: readonly Peer[], before?: readonly Forward[]): PeersFound {
  const peers: Peer[] = [];
  const lost: Peer[] = [];
  const overtaken: Peer[] = [];
  const added = before === undefined ? [] : forwards.filter(({ mac, address }) => !before.some((one) => one.mac === mac && one.address === address));
  const newest = (peer: Peer): Peer => {
    const forward = added.find(({ address }) => address === peer.address);
    return forward === undefined || added.some(({ mac }) => mac === peer.mac) ? peer : { ...peer, mac: forward.mac };
  };
  const unresolved: string[] = [];
  for (const gateway of gateways) {
    const neighbour = neighbours.find((one) => one.gateway === gateway);
    const forward = neighbour && forwards.find(({ mac }) => mac === neighbour.mac);
    if (forward) {
      const peer = newest({ gateway, ...forward });
      peers.push(peer);
      if (peer.mac !== forward.mac) overtaken.push(peer);
    }
    if (neighbour) continue;
    // Only while the forwarding database, which nothing has emptied, says the same.
    const was = remembered.find((one) => one.gateway === gateway && forwards.some(({ mac, address }) => mac === one.mac && address === one.address));
    if (was) lost.push(newest(was));
    else unresolved.push(gateway);
  }
  const used = new Set([...neighbours, ...lost, ...overtaken].map(({ mac }) => mac));
  // With a gateway whose MAC nobody knows, any entry may be its.
  const stale = unresolved.length > 0 ? [] : forwards.filter(({ mac }) => !used.has(mac));
  return { peers: [...peers, ...lost], lost, overtaken, unresolved, stale };
}

/** Of what was seen again and again for `forMs`, nothing in between: flannel takes and puts entries one after the other. */
export class Lasting<T> {
  readonly #forMs: number;
  #since = new Map<string, number>();

  constructor(forMs: number) {
    this.#forMs = forMs;
  }

  /** @param now milliseconds, of a clock that only goes forward */
  of(seen: readonly T[], now: number): T[] {
    const since = new Map(seen.map((one) => [JSON.stringify(one), this.#since.get(JSON.stringify(one)) ?? now]));
    this.#since = since;
    return seen.filter((one) => now - since.get(JSON.stringify(one))! >= this.#forMs);
  }

  /** When, in milliseconds from `now`, something will have lasted that is seen now; undefined when nothing is. */
  dueIn(now: number): number | undefined {
    const waits = [...this.#since.values()].map((since) => since + this.#forMs - now).filter((ms) => ms > 0);
    return waits.length === 0 ? undefined : Math.min(...waits);
  }
}
