import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import type { Log } from '../../tunnel/common/log.ts';
import { Announcer } from './announcer.ts';
import { decide, type Told } from './decide.ts';
import { DeviceMemory } from './device-memory.ts';
import { macOfNode } from './mac.ts';
import { VtepMetrics, type Correction, type VtepView } from './metrics.ts';
import { NetworkMonitor } from './monitor.ts';
import type { Device, DeviceAttributes, NodeNetwork } from './network.ts';
import type { NodeApi } from './node-api.ts';
import { Patience } from './patience.ts';
import { PeerKeeper } from './peer-keeper.ts';
import { StateFile } from './state.ts';
import { defaultTimings, type VtepTimings } from './timings.ts';

export interface VtepKeeperOptions {
  readonly nodeName: string;
  readonly network: NodeNetwork;
  readonly api: Pick<NodeApi, 'follow' | 'announce'>;
  /** Path of what is remembered. */
  readonly stateFile: string;
  readonly log: Log;
  readonly registry: Registry;
  readonly timings?: Partial<VtepTimings>;
  readonly signal: AbortSignal;
}

const fought = 'somebody else keeps changing it';

/** flannel names its device after its VNI, which is 1 unless its configuration has another. */
const vni = 1;
export const deviceName = `flannel.${vni}`;

/**
 * Keeps the MAC of a node's flannel.1, what its Node says of it, and what this node knows of its peers, as they are to be. It looks whenever the kernel
 * or the API tells of a change, and every now and then. Disposed, or aborted, it leaves all as it is.
 */
export class VtepKeeper implements AsyncDisposable {
  readonly mac: string;
  readonly #options: VtepKeeperOptions;
  readonly #timings: VtepTimings;
  readonly #state: StateFile;
  readonly #metrics: VtepMetrics;
  readonly #memory: DeviceMemory;
  readonly #peers: PeerKeeper;
  readonly #announcer: Announcer;
  readonly #abort = new AbortController();
  readonly #patience: Patience;
  readonly #running: Promise<unknown>;
  #told: Told | undefined;
  #device: Device | undefined;
  #seenAt: number | undefined;
  #waiting: string | undefined = 'nothing was looked at yet';
  #said = '';
  #woken = Promise.withResolvers<void>();

  constructor(options: VtepKeeperOptions) {
    const { nodeName, network, api, stateFile, log, registry } = options;
    this.#options = options;
    this.mac = macOfNode(nodeName);
    this.#timings = { ...defaultTimings, ...options.timings };
    this.#patience = new Patience(this.#timings.correctTimes, this.#timings.correctWithinMs);
    this.#state = new StateFile({ path: stateFile, node: nodeName, troubled: (what, reason) => log.warn({ reason: String(reason) }, what) });
    this.#metrics = new VtepMetrics(registry, () => this.#view());
    this.#memory = new DeviceMemory(network, this.#state);
    this.#peers = new PeerKeeper({ device: deviceName, network, state: this.#state, mac: this.mac, log, corrected: (of) => this.#corrected(of), timings: this.#timings });
    const signal = AbortSignal.any([options.signal, this.#abort.signal]);
    this.#announcer = new Announcer({
      announce: async (text) => await api.announce(text, signal),
      announced: (text) => {
        this.#corrected('annotation');
        // The watch will tell the same, but later: until then the device has a MAC that nobody sends to.
        this.#told = { backendType: this.#told?.backendType, text };
        this.#wake();
      },
      log,
      timings: this.#timings,
      signal,
    });
    this.#running = Promise.all([this.#run(signal), api.follow({
      told: (told) => {
        this.#told = told;
        this.#announcer.heard();
        this.#wake();
      },
      failed: (error) => log.debug({ reason: String(error) }, 'the Node cannot be followed'),
      signal,
    })]);
  }

  /** Why the device has not the MAC that goes with the node's name, or undefined when it has. */
  get notReady(): string | undefined {
    return this.#waiting ?? (this.#device === undefined ? `there is no ${deviceName} yet` : undefined);
  }

  #wake(): void {
    this.#woken.resolve();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { network, log } = this.#options;
    // Anything about the device; and, while there is none, whatever may let it be made.
    const matters = (line: string): boolean => line.includes(deviceName) || (this.#device === undefined && /^(Deleted )?\d+: /.test(line));
    using _monitor = new NetworkMonitor({ network, matters, changed: () => this.#wake(), ended: (reason) => log.warn({ reason }, 'ip monitor ended, and is started again') });
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!signal.aborted) {
      this.#woken = Promise.withResolvers<void>();
      let nextMs: number;
      try {
        nextMs = Math.min(this.#timings.lookEveryMs, await this.#look());
      } catch (error) {
        if (signal.aborted) return;
        this.#metrics.failures.inc();
        nextMs = this.#timings.afterErrorMs;
        log.warn({ reason: String(error) }, 'a look at the network ended in an error');
      }
      const timer = new AbortController();
      await Promise.race([this.#woken.promise.then(async () => await sleep(this.#timings.settleMs)), sleep(nextMs, undefined, { signal: timer.signal }).catch(() => {})]);
      timer.abort();
    }
  }

  /** @returns when the next look is due at the latest, in milliseconds */
  async #look(): Promise<number> {
    const now = performance.now();
    this.#device = await this.#options.network.device(deviceName);
    if (this.#device !== undefined) this.#seenAt = now;
    // Who has just taken it away may be about to make it again: flannel does, when it is not as flannel wants it.
    const graceMs = this.#device === undefined && this.#seenAt !== undefined ? this.#seenAt + this.#timings.vanishedMs - now : 0;
    const remembered = this.#device === undefined && graceMs <= 0 ? await this.#memory.recall() : undefined;
    const decision = decide({ own: this.mac, vni, device: this.#device, canCreate: remembered !== undefined, bound: this.#state.state.bound, told: this.#told });
    if (decision.bound) this.#state.update({ bound: true });
    if (decision.announce === undefined) this.#announcer.nothing();
    else this.#announcer.want(decision.announce);
    if (decision.waiting === undefined) this.#said = '';
    else this.#say(decision.waiting);
    if (decision.create || decision.setMac) {
      const waitMs = this.#patience.take(now);
      if (waitMs > 0) return this.#fought(waitMs);
      if (decision.create) await this.#create(remembered!);
      else await this.#setMac(now);
    }
    this.#waiting = decision.waiting;
    if (this.#device === undefined) return graceMs > 0 ? graceMs : Infinity;
    await this.#memory.remember(this.#device);
    return await this.#peers.look(now);
  }

  async #create(attributes: DeviceAttributes): Promise<void> {
    const { network, log } = this.#options;
    await network.create(deviceName, this.mac, attributes);
    log.info({ mac: this.mac, ...attributes }, 'the device was made');
    this.#corrected('device');
    this.#device = await network.device(deviceName);
  }

  async #setMac(now: number): Promise<void> {
    const { network, log } = this.#options;
    log.info({ mac: this.mac, was: this.#device!.mac }, 'the device had another MAC');
    await network.setMac(deviceName, this.mac, await this.#peers.wanted(now));
    this.#corrected('mac');
    this.#peers.expectLoss();
    this.#device = await network.device(deviceName);
  }

  /** What is undone again and again is not done without end. */
  #fought(waitMs: number): number {
    const { correctTimes, correctWithinMs } = this.#timings;
    if (this.#waiting !== fought) this.#options.log.error({ mac: this.mac, device: this.#device?.mac }, `${deviceName} was set right ${correctTimes} times within ${correctWithinMs / 1000} s, and is not again for now: find out who keeps changing it`);
    this.#waiting = fought;
    return waitMs;
  }

  #corrected(of: Correction): void {
    this.#metrics.corrections.inc({ of });
  }

  /** Once, until something else is to be said. */
  #say(what: string): void {
    if (what !== this.#said) this.#options.log.info({ mac: this.mac, device: this.#device?.mac }, what);
    this.#said = what;
  }

  #view(): VtepView {
    return {
      deviceRight: this.#device === undefined ? NaN : Number(this.#device.mac === this.mac),
      annotationRight: this.#told === undefined ? NaN : Number(!this.#announcer.wanting),
      unresolved: this.#peers.unresolved,
      collisions: this.#peers.collisions,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }
}

export const startVtepKeeper = (options: VtepKeeperOptions): VtepKeeper => new VtepKeeper(options);
