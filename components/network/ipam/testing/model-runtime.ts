import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IpamOptions } from '../ipam.ts';
import type { Pod } from '../state.ts';

export const network = 'cbr0';
export const ifname = 'eth0';

export interface ModelSandbox {
  readonly container: string;
  readonly netns: string;
  readonly pod: Pod;
  /** On its interface. */
  address: string | undefined;
  processes: boolean;
  /** The namespace is there. */
  up: boolean;
}

/** What is outside of the plugin: sandboxes, their network namespaces, and what the runtime writes down of its ADDs. */
export class ModelRuntime implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), 'edge-ipam-'));
  readonly #netnsFolder = join(this.#root, 'netns');
  readonly sandboxes: ModelSandbox[] = [];
  #results = 0;

  constructor() {
    mkdirSync(this.#netnsFolder);
  }

  readonly look = (netns: string): 'gone' | 'idle' | 'running' => {
    const sandbox = this.sandboxes.find((one) => one.netns === netns);
    return sandbox?.up !== true ? 'gone' : sandbox.processes ? 'running' : 'idle';
  };

  get outside(): IpamOptions['outside'] {
    return {
      look: this.look,
      addressesIn: (netns) => this.sandboxes.filter((one) => one.netns === netns && one.address !== undefined).map(({ address }) => ({ ifname, address: address! })),
      takeOut: ({ netns }) => {
        for (const one of this.sandboxes) if (one.netns === netns) one.address = undefined;
      },
      resultsFolder: this.#root,
      netnsFolder: this.#netnsFolder,
    };
  }

  create(container: string, pod: Pod): ModelSandbox {
    const sandbox: ModelSandbox = { container, netns: join(this.#netnsFolder, container), pod, address: undefined, processes: true, up: false };
    this.sandboxes.push(sandbox);
    this.setUp(sandbox, true);
    return sandbox;
  }

  /** The namespace, as the folder shows it. */
  setUp(sandbox: ModelSandbox, up: boolean): void {
    sandbox.up = up;
    if (up) writeFileSync(sandbox.netns, '');
    else rmSync(sandbox.netns, { force: true });
  }

  #resultOf(container: string): string {
    return join(this.#root, `${network}-${container}-${ifname}`);
  }

  hasResult(container: string): boolean {
    return existsSync(this.#resultOf(container));
  }

  /** As libcni does, the later ones with later times. */
  writeResult({ container, netns, pod, address }: ModelSandbox): void {
    const path = this.#resultOf(container);
    const cniArgs = [['IgnoreUnknown', '1'], ['K8S_POD_NAMESPACE', pod.namespace], ['K8S_POD_NAME', pod.name], ['K8S_POD_UID', pod.uid], ['K8S_POD_INFRA_CONTAINER_ID', container]];
    writeFileSync(path, JSON.stringify({ kind: 'cniCacheV1', containerId: container, ifName: ifname, networkName: network, netns, cniArgs, result: { cniVersion: '1.1.0', ips: [{ address: `${address}/29`, interface: 2 }] } }));
    this.#results += 1;
    utimesSync(path, this.#results, this.#results);
  }

  removeResult(container: string): void {
    rmSync(this.#resultOf(container), { force: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}
