import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, type Answer } from '../plugin.ts';
import type { State } from '../state.ts';
import { decodeState } from '../store/format.ts';
import { stateName } from '../store/store.ts';

export const network = 'cbr0';

export interface CallOptions {
  readonly container?: string;
  readonly ifname?: string;
  readonly netns?: string;
  /** Name and UID of a Pod; undefined: a bare container. */
  readonly pod?: readonly [name: string, uid: string] | undefined;
  readonly config?: object;
  readonly ipam?: object;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A folder for the plugin's state, and the plugin called in this process as a runtime calls it. */
export class PluginFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'edge-ipam-'));
  readonly told: string[] = [];

  config({ config = {}, ipam = {} }: CallOptions = {}): string {
    return JSON.stringify({ cniVersion: '1.1.0', name: network, type: 'bridge', ipam: { type: 'edge-ipam', dataDir: this.dataDir, ranges: [[{ subnet: '10.244.1.0/29' }]], routes: [{ dst: '10.244.0.0/16' }], ...ipam }, ...config });
  }

  get dataDir(): string {
    return join(this.path, 'ipam');
  }

  get resultsFolder(): string {
    return join(this.path, 'results');
  }

  get netnsFolder(): string {
    return join(this.path, 'netns');
  }

  get stateFile(): string {
    return join(this.dataDir, network, stateName);
  }

  get state(): State {
    return decodeState(readFileSync(this.stateFile))!;
  }

  /** @param options `netns`: by default one that is gone */
  environment(command: string, { container = 'c1', ifname = 'eth0', netns = join(this.path, 'gone'), environment = {}, ...rest }: CallOptions = {}): Record<string, string | undefined> {
    const pod = 'pod' in rest ? rest.pod : (['web', 'uid-1'] as const);
    const args = `IgnoreUnknown=1${pod === undefined ? '' : `;K8S_POD_INFRA_CONTAINER_ID=${container};K8S_POD_NAME=${pod[0]};K8S_POD_NAMESPACE=default;K8S_POD_UID=${pod[1]}`}`;
    return { CNI_COMMAND: command, CNI_CONTAINERID: container, CNI_NETNS: netns, CNI_IFNAME: ifname, CNI_ARGS: args, CNI_PATH: '/opt/cni/bin', ...environment };
  }

  call(command: string, options: CallOptions = {}): Answer {
    const { resultsFolder, netnsFolder } = this;
    return call({ environment: this.environment(command, options), stdin: () => this.config(options), told: (what) => void this.told.push(what), resultsFolder, netnsFolder });
  }

  /** What a call prints, of one that succeeds. */
  result(command: string, options: CallOptions = {}): Record<string, unknown> | undefined {
    const { ok, text } = this.call(command, options);
    if (!ok) throw new Error(`${command} failed: ${text}`);
    return text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>);
  }

  /** The first address of an ADD, without its prefix. */
  add(options: CallOptions = {}): string {
    return (this.result('ADD', options)!['ips'] as { address: string }[])[0]!.address.split('/')[0]!;
  }

  /** What a call prints, of one that fails. */
  error(command: string, options: CallOptions = {}): { cniVersion: string; code: number; msg: string; details?: string } {
    const { ok, text } = this.call(command, options);
    if (ok) throw new Error(`${command} succeeded: ${text}`);
    return JSON.parse(text) as { cniVersion: string; code: number; msg: string };
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
