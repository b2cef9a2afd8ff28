import assert from 'node:assert/strict';
import { end, heldBy } from '../allocator.ts';
import { Ipam } from '../ipam.ts';
import { CniError } from '../protocol/cni-error.ts';
import { readAddressing, readNetwork } from '../protocol/config.ts';
import { rangeOf, type RangeSet } from '../ranges.ts';
import { parseAddress } from '../addresses.ts';
import { podOf, type Pod, type Reservation, type State } from '../state.ts';
import { peekState, readState, stateName, writeState } from '../store/store.ts';
import { Killed, MemoryDisk } from './memory-disk.ts';
import { ifname, ModelRuntime, network, type ModelSandbox } from './model-runtime.ts';

/** So small that they are full now and then. */
export const ranges = [{ subnet: '10.0.0.0/29', rangeEnd: '10.0.0.4' }, { subnet: '10.0.0.0/28' }, { subnet: '10.9.0.0/29' }] as const;
const setsOf = (range: object): readonly RangeSet[] => readAddressing(readNetwork(JSON.stringify({ cniVersion: '1.1.0', name: network, ipam: range }))).sets;

/**
 * A node in small: Pods in the API, sandboxes with network namespaces, the runtime's results, and a disk that forgets; around the plugin's
 * own library. It knows what must hold, and asserts it.
 */
export class World implements Disposable {
  readonly #runtime = new ModelRuntime();
  readonly disk = new MemoryDisk();
  readonly pods: Pod[] = [];
  /** What each UID must get again. */
  readonly #promised = new Map<string, string>();
  #sets = setsOf(ranges[0]);
  #count = 0;
  readonly #ipam: Ipam;
  /** How often each thing has happened, so that a test can tell that it tested something. */
  readonly happened = new Map<string, number>();

  constructor() {
    this.#ipam = new Ipam({ network, disk: this.disk, lock: () => ({ [Symbol.dispose]: () => {} }), outside: this.#runtime.outside });
  }

  get sandboxes(): readonly ModelSandbox[] {
    return this.#runtime.sandboxes;
  }

  #did(what: string): void {
    this.happened.set(what, (this.happened.get(what) ?? 0) + 1);
  }

  get #state(): State {
    const read = readState(this.disk);
    assert.equal(read.kind, 'read');
    return (read as { state: State }).state;
  }

  /** A Pod comes; the one that had its name is gone from the API, its sandboxes need not be. */
  createPod(name: string): void {
    this.deletePod(name);
    this.pods.push({ namespace: 'default', name, uid: `uid-${this.#count++}` });
  }

  deletePod(name: string): void {
    const at = this.pods.findIndex((pod) => pod.name === name);
    if (at !== -1) this.pods.splice(at, 1);
  }

  /** The runtime starts a sandbox: ADD. @param killAfter disk steps until the plugin is killed @param cached whether the runtime comes to writing its result down */
  startSandbox(pod: Pod, { killAfter = Infinity, cached = true }: { readonly killAfter?: number; readonly cached?: boolean } = {}): void {
    const container = `c${this.#count++}`;
    const sandbox = this.#runtime.create(container, pod);
    const running = this.sandboxes.some((one) => one !== sandbox && one.pod.uid === pod.uid && one.up && one.processes && (one.address !== undefined || this.#holds(one)));
    this.disk.stepsLeft = killAfter;
    try {
      const [address] = this.#ipam.add(this.#sets, { container, netns: sandbox.netns, ifname, pod });
      this.#did('ADD');
      const promised = this.#promised.get(pod.uid);
      if (promised !== undefined) assert.equal(address, promised, `${pod.name} ${pod.uid} had another address`);
      if (promised !== undefined) this.#did('the same again');
      this.#promised.set(pod.uid, address!);
      sandbox.address = address;
      if (cached) this.#runtime.writeResult(sandbox);
      else this.#did('no result');
    } catch (error) {
      if (error instanceof Killed) this.#did('killed');
      else this.#refused(error, pod, running);
      // Whether or not it has an address reserved by now, the sandbox has none. The runtime takes the namespace down; the DEL does not come.
      this.#runtime.setUp(sandbox, false);
    }
    this.disk.stepsLeft = Infinity;
  }

  /** By what the plugin has written or, when that is lost, the runtime. */
  #holds({ container }: ModelSandbox): boolean {
    const state = peekState(this.disk);
    if (state !== undefined) return heldBy(state, container, ifname) !== undefined;
    return this.#runtime.hasResult(container);
  }

  #refused(error: unknown, pod: Pod, running: boolean): void {
    assert.ok(error instanceof CniError, String(error));
    this.#did(`error ${error.cniCode}`);
    const promised = this.#promised.get(pod.uid);
    const reserved = this.#state.reservations;
    if (error.cniCode === 11) assert.ok(running, error.message);
    else if (error.cniCode === 100) assert.ok(this.#fitting(reserved).length >= Number(this.#size()), `${error.message}: ${JSON.stringify(reserved)}`);
    else {
      assert.equal(error.cniCode, 101);
      const mine = reserved.find((one) => podOf(one)?.uid === pod.uid)!.addresses[0]!;
      assert.ok(promised === undefined || promised === mine);
      assert.equal(rangeOf(this.#sets[0]!, parseAddress(mine)!), undefined);
    }
  }

  #size(): bigint {
    return this.#sets[0]!.reduce((sum, { first, last }) => sum + last.value - first.value, 0n);
  }

  #fitting(reservations: readonly Reservation[]): readonly Reservation[] {
    return reservations.filter(({ addresses }) => rangeOf(this.#sets[0]!, parseAddress(addresses[0]!)!) !== undefined);
  }

  /** @param until how far the runtime comes: the interface goes, then the plugin's DEL, then the result, then the namespace */
  stopSandbox(sandbox: ModelSandbox, { until = 4, killAfter = Infinity }: { readonly until?: number; readonly killAfter?: number } = {}): void {
    sandbox.processes = false;
    if (until < 1) return this.#did('died');
    sandbox.address = undefined;
    if (until < 2) return this.#did('no DEL');
    this.disk.stepsLeft = killAfter;
    try {
      this.#ipam.delete(this.#sets, { container: sandbox.container, netns: sandbox.netns, ifname, pod: sandbox.pod });
      this.#did('DEL');
    } catch (error) {
      assert.ok(error instanceof Killed, String(error));
      this.#did('killed');
      return;
    } finally {
      this.disk.stepsLeft = Infinity;
    }
    if (until < 3) return this.#did('result left');
    this.#runtime.removeResult(sandbox.container);
    if (until >= 4) this.#runtime.setUp(sandbox, false);
  }

  collect(): void {
    const there = this.sandboxes.filter(({ up, processes, address }) => up && processes && address !== undefined);
    this.#ipam.collect(this.#sets, there.map(({ container }) => ({ container, ifname })));
    this.#did('GC');
  }

  check(sandbox: ModelSandbox): void {
    if (!sandbox.up || sandbox.address === undefined) return;
    try {
      this.#ipam.check(this.#sets, { container: sandbox.container, netns: sandbox.netns, ifname, pod: sandbox.pod }, [sandbox.address]);
      this.#did('CHECK');
    } catch (error) {
      assert.ok(error instanceof CniError);
      // Its range has changed; or the state was lost, and the runtime's result of it too.
      if (error.cniCode === 101) assert.equal(rangeOf(this.#sets[0]!, parseAddress(sandbox.address)!), undefined);
      else assert.ok(!this.#runtime.hasResult(sandbox.container) || !sandbox.processes, error.message);
    }
  }

  changeRange(range: object): void {
    this.#sets = setsOf(range);
  }

  cutPower(chance: () => number): void {
    this.disk.cutPower(chance);
    for (const sandbox of this.sandboxes) {
      this.#runtime.setUp(sandbox, false);
      Object.assign(sandbox, { processes: false, address: undefined });
    }
    this.#did('power cut');
  }

  /** @param keep how much of the file is left; undefined: none */
  damage(keep: number | undefined): void {
    const bytes = this.disk.read(stateName);
    if (bytes === undefined) return;
    this.disk.replace(stateName, keep === undefined ? undefined : bytes.subarray(0, Math.floor(bytes.length * keep)));
    this.#did('damage');
    // Of whom the runtime has no result, the address is forgotten with the file.
    const kept = new Set(this.sandboxes.filter(({ container }) => this.#runtime.hasResult(container)).map(({ pod }) => pod.uid));
    for (const uid of this.#promised.keys()) if (!kept.has(uid)) this.#promised.delete(uid);
  }

  /** What the resident does when it is connected. */
  reconcile(): void {
    const read = readState(this.disk);
    if (read.kind !== 'read') return;
    const uids = new Set(this.pods.map(({ uid }) => uid));
    const next = end(read.state, (one) => !uids.has(podOf(one)!.uid), this.#runtime.look);
    if (next !== read.state) writeState(this.disk, next);
    this.#did('reconcile');
    for (const uid of this.#promised.keys()) if (!next.reservations.some((one) => podOf(one)?.uid === uid)) this.#promised.delete(uid);
    // Nothing leaks: each is of a Pod that exists, or of a sandbox that is there.
    for (const one of next.reservations) {
      const pod = podOf(one);
      assert.ok((pod !== undefined && uids.has(pod.uid)) || one.sandboxes.some(({ netns }) => this.#runtime.look(netns) !== 'gone'), `leaked: ${JSON.stringify(one)}`);
    }
  }

  assertHolds(): void {
    const holders = new Map<string, string>();
    for (const { address, container, up } of this.sandboxes) {
      if (!up || address === undefined) continue;
      assert.equal(holders.get(address), undefined, `${address} is held by ${holders.get(address)} and ${container}`);
      holders.set(address, container);
    }
    const bytes = this.disk.read(stateName);
    if (bytes === undefined) return;
    const read = new MemoryDisk();
    read.replace(stateName, bytes);
    const state = readState(read);
    if (state.kind !== 'read') return;
    const addresses = state.state.reservations.flatMap((one) => one.addresses);
    assert.equal(new Set(addresses).size, addresses.length, `an address is reserved twice: ${addresses.join(', ')}`);
    for (const address of holders.keys()) assert.ok(addresses.includes(address), `${address} is in use and not reserved`);
  }

  [Symbol.dispose](): void {
    this.#runtime[Symbol.dispose]();
  }
}
