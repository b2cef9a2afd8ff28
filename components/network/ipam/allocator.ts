import { formatAddress, parseAddress, type Address } from './addresses.ts';
import { describeSet, nextFree, rangeOf, sizeOf, type RangeSet } from './ranges.ts';
import { describeOwner, podOf, sameOwner, type Owner, type Reservation, type Sandbox, type State } from './state.ts';

/**
 * What is seen of a network namespace. `idle`: it is there, with the address in it, and no process is: whoever had it has died, and the
 * runtime has not taken it down. `running`: processes are in it, or nobody can tell.
 */
export type Look = (netns: string) => 'gone' | 'idle' | 'running';

export interface Request {
  readonly owner: Owner;
  readonly ifname: string;
  readonly sandbox: Sandbox;
}

export type Given = {
  readonly state: State;
  /** In the order of the range sets. */
  readonly addresses: readonly string[];
  /** Sandboxes that must lose the interface before the addresses may be used. */
  readonly evict: readonly Sandbox[];
};

/** Why there is no address. `held`: another sandbox of the same Pod runs with it. `misfit`: the ranges are others than when it was given. */
export type Refusal = { readonly refused: 'full' | 'held' | 'misfit'; readonly message: string };

const textOf = (address: Address): string => formatAddress(address);
const known = (text: string): Address => parseAddress(text)!;
const fits = (set: RangeSet, address: string): boolean => rangeOf(set, known(address)) !== undefined;
const allGone = ({ sandboxes }: Reservation, look: Look): boolean => sandboxes.every(({ netns }) => look(netns) === 'gone');
/** Nobody but a sandbox keeps it: bare containers, and what a rebuilt state has found. */
const endsWithSandbox = ({ owner }: Reservation): boolean => !('pod' in owner);

/**
 * ADD: the addresses of an owner, the same as before if it has any. A Pod whose name and namespace another Pod had gets that one's addresses,
 * if no sandbox of it is there any more: there is one Pod of a name at a time, so the other is gone.
 */
export function give(state: State, sets: readonly RangeSet[], request: Request, look: Look): Given | Refusal {
  const mine = state.reservations.find(({ owner, ifname }) => ifname === request.ifname && sameOwner(owner, request.owner));
  if (mine !== undefined) return again(state, sets, request, mine, look);
  const predecessors = state.reservations.filter((one) => precedes(one, request) && allGone(one, look));
  const inherited = predecessors.filter(({ addresses }) => addresses.every((address) => sets.some((set) => fits(set, address)))).sort((a, b) => b.change - a.change)[0];
  const without = { ...state, reservations: state.reservations.filter((one) => !predecessors.includes(one)) };
  return place(without, sets, request, inherited?.addresses ?? [], look, []);
}

const precedes = (one: Reservation, { owner, ifname }: Request): boolean => {
  const pod = podOf(one);
  return pod !== undefined && 'pod' in owner && one.ifname === ifname && pod.namespace === owner.pod.namespace && pod.name === owner.pod.name;
};

function again(state: State, sets: readonly RangeSet[], request: Request, mine: Reservation, look: Look): Given | Refusal {
  const misfit = mine.addresses.find((address) => !sets.some((set) => fits(set, address)));
  if (misfit !== undefined) return { refused: 'misfit', message: misfitMessage(misfit, mine.owner, sets) };
  const others = mine.sandboxes.filter(({ container }) => container !== request.sandbox.container);
  const running = others.find(({ netns }) => look(netns) === 'running');
  if (running !== undefined) return { refused: 'held', message: `${mine.addresses.join(', ')} of ${describeOwner(mine.owner)} is in use by its sandbox ${running.container} (${running.netns}), which has not been deleted` };
  const rest = { ...state, reservations: state.reservations.filter((one) => one !== mine) };
  return place(rest, sets, request, mine.addresses, look, others.filter(({ netns }) => look(netns) === 'idle'));
}

export const misfitMessage = (address: string, owner: Owner, sets: readonly RangeSet[]): string => `${address}, which ${describeOwner(owner)} has, is not in ${sets.map(describeSet).join(' nor ')}: this node's range has changed; delete the Pod, and what replaces it gets another address`;

function place(state: State, sets: readonly RangeSet[], { owner, ifname, sandbox }: Request, had: readonly string[], look: Look, evict: readonly Sandbox[]): Given | Refusal {
  let { reservations } = state;
  const last = [...state.last];
  const addresses: string[] = [];
  for (const [index, set] of sets.entries()) {
    const mine = had.find((address) => fits(set, address));
    const found = mine ?? pick(reservations, set, last[index]);
    if (found !== undefined) {
      addresses.push(found);
      if (mine === undefined) last[index] = found;
      continue;
    }
    const kept = reservations.filter((one) => !endsWithSandbox(one) || !allGone(one, look));
    const second = kept.length < reservations.length ? pick(kept, set, last[index]) : undefined;
    if (second === undefined) return { refused: 'full', message: `all ${sizeOf(set)} addresses of ${describeSet(set)} are reserved` };
    reservations = kept;
    addresses.push(second);
    last[index] = second;
  }
  const changes = state.changes + 1;
  return { state: { changes, last: last.map((one) => one ?? ''), reservations: [...reservations, { owner, ifname, addresses, sandboxes: [sandbox], change: changes }] }, addresses, evict };
}

function pick(reservations: readonly Reservation[], set: RangeSet, after: string | undefined): string | undefined {
  const taken = new Set(reservations.flatMap(({ addresses }) => addresses));
  const found = nextFree(set, (address) => taken.has(textOf(address)), after === undefined || after === '' ? undefined : known(after));
  return found && textOf(found);
}

/** DEL: a sandbox holds its addresses no longer. A Pod's stay the Pod's. @returns the same state when nothing is known of it */
export function release(state: State, container: string, ifname: string): State {
  return without(state, (reservation, sandbox) => reservation.ifname === ifname && sandbox.container === container);
}

/** Sandboxes that are not named, and not seen to run: what GC ends. */
export function stale(state: State, valid: readonly { readonly container: string; readonly ifname: string }[], look: Look): readonly { readonly ifname: string; readonly sandbox: Sandbox }[] {
  const names = new Set(valid.map(({ container, ifname }) => `${container} ${ifname}`));
  return state.reservations.flatMap(({ ifname, sandboxes }) => sandboxes.filter(({ container, netns }) => !names.has(`${container} ${ifname}`) && look(netns) !== 'running').map((sandbox) => ({ ifname, sandbox })));
}

/** GC: those sandboxes hold their addresses no longer. */
export function forget(state: State, sandboxes: ReturnType<typeof stale>): State {
  return without(state, (reservation, sandbox) => sandboxes.some((one) => one.ifname === reservation.ifname && one.sandbox === sandbox));
}

function without(state: State, over: (reservation: Reservation, sandbox: Sandbox) => boolean): State {
  if (!state.reservations.some((one) => one.sandboxes.some((sandbox) => over(one, sandbox)))) return state;
  const change = state.changes + 1;
  const reservations = state.reservations.flatMap((one) => {
    const sandboxes = one.sandboxes.filter((sandbox) => !over(one, sandbox));
    if (sandboxes.length === one.sandboxes.length) return [one];
    return sandboxes.length === 0 && endsWithSandbox(one) ? [] : [{ ...one, sandboxes, change }];
  });
  return { ...state, changes: change, reservations };
}

/**
 * Ends reservations: of Pods that are known to be gone, and of sandboxes that nobody else keeps. None that changed since it was looked at,
 * and none with a sandbox.
 *
 * @param isGone asked for those of Pods
 * @returns the same state when there is none
 */
export function end(state: State, isGone: (reservation: Reservation) => boolean, look: Look): State {
  const over = state.reservations.filter((one) => (endsWithSandbox(one) || isGone(one)) && allGone(one, look));
  return over.length === 0 ? state : { ...state, changes: state.changes + 1, reservations: state.reservations.filter((one) => !over.includes(one)) };
}

/** The reservation that a sandbox holds. */
export const heldBy = (state: State, container: string, ifname: string): Reservation | undefined => state.reservations.find((one) => one.ifname === ifname && one.sandboxes.some((sandbox) => sandbox.container === container));

/** Range sets that have no address left. */
export const fullSets = (state: State, sets: readonly RangeSet[]): readonly RangeSet[] => sets.filter((set) => pick(state.reservations, set, undefined) === undefined);
