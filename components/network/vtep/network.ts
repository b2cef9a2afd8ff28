import { exec, ExecError } from '../../../core/exec.ts';
import type { Forward, Neighbour, Tables } from './peers.ts';

/** What flannel compares a device that is there with (vxlanLinksIncompat in pkg/backend/vxlan/device.go), and the MTU, which it does not. */
export interface DeviceAttributes {
  readonly vni: number;
  /** UDP. */
  readonly port: number;
  /** Of this node: where frames come from. */
  readonly local: string;
  /** Name of the device that has this address. */
  readonly link: string;
  readonly mtu: number;
  readonly learning: boolean;
  readonly gbp: boolean;
}

export interface Device {
  /** In lower case. */
  readonly mac: string;
  /** Of a VXLAN device as flannel makes them; undefined for any other. */
  readonly attributes: DeviceAttributes | undefined;
}

/** A device that another can stand on. */
export interface Uplink {
  readonly mtu: number;
  readonly addresses: readonly string[];
}

interface LinkJson {
  readonly address?: string;
  readonly mtu: number;
  readonly addr_info?: readonly { readonly family: string; readonly local?: string }[];
  readonly linkinfo?: { readonly info_kind?: string; readonly info_data?: { readonly id?: number; readonly local?: string; readonly link?: string; readonly port?: number; readonly learning?: boolean; readonly gbp?: boolean } };
}

/** What a program of iproute2 may take. Milliseconds. */
const timeoutMs = 5000;

/** The kernel's network as `ip` and `bridge` (iproute2) read and write it. They are given arguments, never a shell's text. */
export class NodeNetwork {
  readonly #namespace: readonly string[];
  readonly #signal: AbortSignal | undefined;

  /** @param namespace name of a network namespace (ip-netns(8)). Default: this process's own */
  constructor({ namespace, signal }: { readonly namespace?: string; readonly signal?: AbortSignal } = {}) {
    this.#namespace = namespace === undefined ? [] : ['-n', namespace];
    this.#signal = signal;
  }

  /** `ip` with what says where, for whoever follows what it prints. */
  argv(...rest: readonly string[]): readonly [string, ...string[]] {
    return ['ip', ...this.#namespace, ...rest];
  }

  /** @throws ExecError */
  async device(name: string): Promise<Device | undefined> {
    const link = await this.#link('-d', 'link', 'show', 'dev', name);
    if (link === undefined) return undefined;
    const { id, local, link: uplink, port, learning = false, gbp = false } = link.linkinfo?.info_data ?? {};
    const whole = link.linkinfo?.info_kind === 'vxlan' && id !== undefined && local !== undefined && uplink !== undefined && port !== undefined;
    return { mac: link.address?.toLowerCase() ?? '', attributes: whole ? { vni: id, port, local, link: uplink, mtu: link.mtu, learning, gbp } : undefined };
  }

  /** @throws ExecError */
  async uplink(name: string): Promise<Uplink | undefined> {
    const link = await this.#link('-4', 'address', 'show', 'dev', name);
    return link && { mtu: link.mtu, addresses: link.addr_info?.flatMap(({ local }) => local ?? []) ?? [] };
  }

  /** It is left down and without an address: flannel gives it both. @throws ExecError, also when it is there */
  async create(name: string, mac: string, { vni, port, local, link, mtu, learning, gbp }: DeviceAttributes): Promise<void> {
    const kind = ['type', 'vxlan', 'id', String(vni), 'dstport', String(port), 'local', local, 'dev', link, learning ? 'learning' : 'nolearning', ...(gbp ? ['gbp'] : [])];
    await this.#run(this.argv('link', 'add', 'name', name, 'address', mac, 'mtu', String(mtu), ...kind));
  }

  /**
   * Gives a device another MAC. Its neighbour entries go with the old one: those that are to be there are written by the same process, at once.
   *
   * @throws ExecError
   */
  async setMac(name: string, mac: string, neighbours: readonly Neighbour[]): Promise<void> {
    await this.#batch([`link set dev ${name} address ${mac}`, ...neighbours.map((one) => permanent('add', name, one))]);
  }

  /** Those that are there already, maybe for a moment, stay as they are. @throws ExecError */
  async addNeighbours(name: string, neighbours: readonly Neighbour[]): Promise<void> {
    await this.#batch(neighbours.map((one) => permanent('add', name, one)));
  }

  /** @throws ExecError */
  async replaceNeighbours(name: string, neighbours: readonly Neighbour[]): Promise<void> {
    await this.#batch(neighbours.map((one) => permanent('replace', name, one)));
  }

  /** @throws ExecError */
  async removeForward(name: string, { mac, address }: Forward): Promise<void> {
    await this.#run(['bridge', ...this.#namespace, 'fdb', 'del', mac, 'dev', name, 'dst', address, 'self']);
  }

  /** @throws ExecError */
  async tables(name: string): Promise<Tables> {
    // From what flannel writes last to what it writes first: of a peer that it is just adding no route is seen without the rest.
    const routes = await this.#json<{ gateway?: string }[]>(this.argv('-j', '-4', 'route', 'show', 'dev', name));
    const forwards = await this.#json<{ mac: string; dst?: string; state?: string }[]>(['bridge', ...this.#namespace, '-j', 'fdb', 'show', 'dev', name]);
    const neighbours = await this.#json<{ dst: string; lladdr?: string }[]>(this.argv('-j', '-4', 'neigh', 'show', 'dev', name, 'nud', 'permanent'));
    return {
      gateways: routes.flatMap(({ gateway }) => gateway ?? []),
      forwards: forwards.flatMap(({ mac, dst, state }) => (dst === undefined || state !== 'permanent' || mac === nobody ? [] : [{ mac: mac.toLowerCase(), address: dst }])),
      neighbours: neighbours.flatMap(({ dst, lladdr }) => (lladdr === undefined ? [] : [{ gateway: dst, mac: lladdr.toLowerCase() }])),
    };
  }

  async #link(...argv: readonly string[]): Promise<LinkJson | undefined> {
    try {
      return (await this.#json<LinkJson[]>(this.argv('-j', ...argv)))[0];
    } catch (error) {
      if (error instanceof ExecError && /does not exist|Cannot find device/.test(error.stderr)) return undefined;
      throw error;
    }
  }

  async #json<T>(argv: readonly [string, ...string[]]): Promise<T> {
    return JSON.parse((await this.#run(argv)) || '[]') as T;
  }

  async #batch(lines: readonly string[]): Promise<void> {
    // A line that fails does not keep the rest from being done. What is there already is no error.
    const argv = this.argv('-force', '-batch', '-');
    const { code, stdout, stderr } = await exec(argv, { timeoutMs, input: `${lines.join('\n')}\n`, accept: [0, 1], ...(this.#signal && { signal: this.#signal }) });
    const errors = stderr.split('\n').filter((line) => line !== '' && !/^Command failed -:\d+$|File exists$/.test(line));
    if (errors.length > 0) throw new ExecError('EXEC_FAILED', `${argv.join(' ')}: ${errors.join('; ')}`, argv, { code, stdout, stderr });
  }

  async #run(argv: readonly [string, ...string[]]): Promise<string> {
    return (await exec(argv, { timeoutMs, ...(this.#signal && { signal: this.#signal }) })).stdout;
  }
}

/** An entry for frames to nobody in particular. */
const nobody = '00:00:00:00:00:00';

const permanent = (verb: 'add' | 'replace', name: string, { gateway, mac }: Neighbour): string => `neigh ${verb} ${gateway} lladdr ${mac} dev ${name} nud permanent`;
