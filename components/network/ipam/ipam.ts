import { forget, fullSets, give, heldBy, misfitMessage, release, stale } from './allocator.ts';
import { CniError, cniCodes } from './protocol/cni-error.ts';
import type { Attachment } from './protocol/arguments.ts';
import { describeSet, rangeOf, type RangeSet } from './ranges.ts';
import { parseAddress } from './addresses.ts';
import { rebuild, type Outside } from './rebuild.ts';
import type { Owner, Sandbox, State } from './state.ts';
import type { Disk } from './store/disk.ts';
import { peekState, readState, writeState } from './store/store.ts';

export interface IpamOptions {
  readonly network: string;
  readonly disk: Disk;
  readonly outside: Outside & {
    /** Takes a dead sandbox's interface away. @throws Error */
    readonly takeOut: (sandbox: Sandbox, ifname: string) => void;
  };
  /** One at a time, among all processes. @throws CniError 5, 11 */
  readonly lock: () => Disposable;
  /** Told what an operator should know. */
  readonly told?: (what: string) => void;
}

/** The addresses of one network on this node: each call takes the lock, reads the state, changes it, and has it on the disk when it returns. */
export class Ipam {
  readonly #options: IpamOptions;

  constructor(options: IpamOptions) {
    this.#options = options;
  }

  /** @returns one address of each set @throws CniError 5, 11, 100, 101 */
  add(sets: readonly RangeSet[], { container, netns, ifname, pod }: Attachment): readonly string[] {
    const owner: Owner = pod === undefined ? { container } : { pod };
    const { look, takeOut } = this.#options.outside;
    return this.#change(sets, (state) => {
      const given = give(state, sets, { owner, ifname, sandbox: { container, netns } }, look);
      if ('refused' in given) throw refusal(given.refused, given.message);
      for (const sandbox of given.evict) {
        try {
          takeOut(sandbox, ifname);
        } catch (cause) {
          throw new CniError(cniCodes.tryAgainLater, (cause as Error).message, { cause });
        }
        this.#options.told?.(`${given.addresses.join(', ')} taken from the dead sandbox ${sandbox.container} (${sandbox.netns})`);
      }
      return { state: given.state, value: given.addresses };
    });
  }

  /** @param sets to find lost state in; none when the configuration has none that can be read @throws CniError 5, 11 */
  delete(sets: readonly RangeSet[], { container, ifname }: Attachment): void {
    this.#change(sets, (state) => ({ state: release(state, container, ifname), value: undefined }));
  }

  /**
   * Whatever can be ended is; a namespace that is still there with nobody in it loses the interface first.
   *
   * @throws CniError 5; 11 with what is left
   */
  collect(sets: readonly RangeSet[], valid: Parameters<typeof stale>[1]): void {
    const { look, takeOut } = this.#options.outside;
    const left: string[] = [];
    this.#change(sets, (state) => {
      const over = stale(state, valid, look).filter(({ sandbox, ifname }) => {
        try {
          if (look(sandbox.netns) === 'idle') takeOut(sandbox, ifname);
          return true;
        } catch (error) {
          left.push((error as Error).message);
          return false;
        }
      });
      return { state: forget(state, over), value: undefined };
    });
    if (left.length > 0) throw new CniError(cniCodes.tryAgainLater, left.join('; '));
  }

  /** @param expected what the container was given, by others too @throws CniError 5, 11, 101, 102 */
  check(sets: readonly RangeSet[], { container, ifname }: Attachment, expected: readonly string[]): void {
    const held = heldBy(this.#current(sets), container, ifname);
    if (held === undefined) throw new CniError(cniCodes.notReserved, `nothing is reserved for the container ${container} with the interface ${ifname}`);
    const missing = held.addresses.filter((address) => !expected.includes(address));
    if (missing.length > 0) throw new CniError(cniCodes.notReserved, `${missing.join(', ')} is reserved for the container ${container}, which was given ${expected.join(', ') || 'nothing'}`);
    const misfit = held.addresses.find((address) => !sets.some((set) => rangeOf(set, parseAddress(address)!) !== undefined));
    if (misfit !== undefined) throw new CniError(cniCodes.misfit, misfitMessage(misfit, held.owner, sets));
  }

  /** @throws CniError 5, 11; 50 when no new Pod could have an address */
  status(sets: readonly RangeSet[]): void {
    const full = fullSets(this.#current(sets), sets);
    if (full.length > 0) throw new CniError(cniCodes.notAvailable, `no address is left of ${full.map(describeSet).join(', ')}`);
  }

  /** Without the lock, if it is there: a file is replaced in one step. */
  #current(sets: readonly RangeSet[]): State {
    return io(() => peekState(this.#options.disk)) ?? this.#change(sets, (state) => ({ state, value: state }));
  }

  #change<T>(sets: readonly RangeSet[], work: (state: State) => { readonly state: State; readonly value: T }): T {
    const { disk, lock } = this.#options;
    using _lock = lock();
    const read = io(() => readState(disk));
    const before = read.kind === 'read' ? read.state : this.#rebuild(read.kind === 'damaged' ? read.setAside : undefined);
    const { state, value } = work(before);
    if (state !== before) io(() => writeState(disk, state));
    return value;
  }

  #rebuild(setAside: string | undefined): State {
    const { network, disk, outside, told } = this.#options;
    const { state, troubles } = io(() => rebuild(network, outside));
    if (setAside !== undefined) told?.(`the state of ${network} was damaged and is rebuilt from what runs; the file is ${setAside} now`);
    for (const trouble of troubles) told?.(`not looked at while the state of ${network} was rebuilt: ${trouble}`);
    // Also if the call is refused: the next one need not look again.
    io(() => writeState(disk, state));
    return state;
  }
}

const codeOfRefusal = { full: cniCodes.rangeFull, held: cniCodes.tryAgainLater, misfit: cniCodes.misfit } as const;
const refusal = (kind: keyof typeof codeOfRefusal, message: string): CniError => new CniError(codeOfRefusal[kind], message);

/** @throws CniError 5 in place of a system error */
export function io<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof CniError || (cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw new CniError(cniCodes.ioFailure, (cause as Error).message, { cause });
  }
}
