import { end, type Look } from '../allocator.ts';
import { describeOwner, podOf, type Reservation, type Sandbox } from '../state.ts';
import type { KnownPods, Knowledge } from './known-pods.ts';
import { networksIn, type NetworkState } from './networks.ts';
import { Verdicts } from './verdicts.ts';

/** A gone Pod's sandbox with nobody in it: so long the runtime has to take it down by itself. Milliseconds. */
export const idleGraceMs = 60_000;

export interface ReconcileOptions {
  readonly dataDir: string;
  readonly pods: KnownPods;
  /** Looks anew at each call. */
  readonly look: () => Look;
  /** @throws Error */
  readonly takeOut: (sandbox: Sandbox, ifname: string) => void;
  /** Milliseconds, of a clock that nobody sets. */
  readonly now?: () => number;
  readonly freed?: (network: string, reservation: Reservation) => void;
  readonly troubled?: (what: string, error: unknown) => void;
}

export interface Round {
  /** How many reservations ended. */
  readonly freed: number;
  /** What was known, if somebody was asked. */
  readonly knowledge: Knowledge | undefined;
}

/** Ends reservations whose Pods are gone. Asks nobody while there is none that could be. */
export class Reconciler {
  readonly #options: ReconcileOptions;
  readonly #now: () => number;
  readonly #verdicts: Verdicts;
  /** Namespaces of sandboxes of gone Pods that were seen idle, and since when. */
  readonly #idleSince = new Map<string, number>();

  constructor(options: ReconcileOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#verdicts = new Verdicts(this.#now);
  }

  /** @throws EdgeproofError when nobody answers; a system error */
  async round(signal: AbortSignal): Promise<Round> {
    const { dataDir, pods, look } = this.#options;
    if (pods.lately !== undefined) this.#verdicts.saw(pods.lately);
    const seen = look();
    // First what is reserved, then who there is: whoever was ADDed in between is in neither.
    const networks = networksIn(dataDir).map((network) => ({ network, reservations: network.peek()?.reservations ?? [] }));
    const all = networks.flatMap(({ reservations }) => reservations);
    const candidates = all.filter((one) => this.#mayBeOver(one, seen));
    const ofPods = candidates.filter((one) => podOf(one) !== undefined);
    const knowledge = ofPods.length > 0 ? await pods.knownPods(signal) : undefined;
    const over = new Set(candidates.filter((one) => podOf(one) === undefined));
    if (knowledge !== undefined) for (const one of this.#verdicts.gone(all, ofPods, knowledge)) over.add(one);
    let freed = 0;
    for (const { network, reservations } of networks) freed += this.#end(network, reservations.filter((one) => over.has(one)));
    return { freed, knowledge };
  }

  #mayBeOver(one: Reservation, seen: Look): boolean {
    const pod = podOf(one);
    if (pod !== undefined && this.#options.pods.lately?.has(pod.uid)) return false;
    return one.sandboxes.every(({ netns }) => seen(netns) === 'gone' || (pod !== undefined && seen(netns) === 'idle'));
  }

  #end(network: NetworkState, over: readonly Reservation[]): number {
    if (over.length === 0) return 0;
    let ended: readonly Reservation[] = [];
    const seen = this.#options.look();
    const out = new Set(over.flatMap((one) => one.sandboxes.filter((sandbox) => this.#takeOut(sandbox, one.ifname, seen)).map(({ netns }) => netns)));
    const same = (a: Reservation, b: Reservation): boolean => a.change === b.change && a.ifname === b.ifname && a.addresses.join() === b.addresses.join() && describeOwner(a.owner) === describeOwner(b.owner);
    const written = network.change((state) => {
      const next = end(state, (one) => over.some((other) => same(one, other)), (netns) => (out.has(netns) ? 'gone' : seen(netns)));
      ended = state.reservations.filter((one) => !next.reservations.includes(one));
      return next;
    });
    if (written !== true) return 0;
    for (const one of ended) this.#options.freed?.(network.name, one);
    return ended.length;
  }

  /** @returns whether nothing answers for its address there any more */
  #takeOut(sandbox: Sandbox, ifname: string, seen: Look): boolean {
    if (seen(sandbox.netns) !== 'idle') {
      this.#idleSince.delete(sandbox.netns);
      return false;
    }
    const since = this.#idleSince.get(sandbox.netns) ?? this.#now();
    this.#idleSince.set(sandbox.netns, since);
    if (this.#now() - since < idleGraceMs) return false;
    try {
      this.#options.takeOut(sandbox, ifname);
      this.#idleSince.delete(sandbox.netns);
      return true;
    } catch (error) {
      this.#options.troubled?.('a dead sandbox keeps its interface', error);
      return false;
    }
  }
}
