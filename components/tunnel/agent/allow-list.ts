import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { HostPort } from '../common/host-port.ts';

export interface AllowListOptions {
  /** Of this node, as its certificate says. */
  readonly nodeName: string;
  /** Where this node's kubelet listens. */
  readonly kubelet: HostPort;
  /** The bridge that this node's Pods hang on (`cni0`): its subnet is theirs. Without it no Pod is dialled. */
  readonly podInterface?: string;
}

/**
 * What an agent dials, whatever a server asks: the kubelet of its own node, which is called NODE:PORT, and the Pods of its
 * own node. A server that was taken over gets no further into the site than that.
 */
export class AllowList {
  readonly #options: AllowListOptions;

  constructor(options: AllowListOptions) {
    this.#options = options;
  }

  /** @returns where to dial, or undefined for what is not allowed */
  resolve(target: HostPort): HostPort | undefined {
    const { nodeName, kubelet } = this.#options;
    if (target.host === nodeName.toLowerCase()) return target.port === kubelet.port ? kubelet : undefined;
    return isIP(target.host) !== 0 && this.#isPod(target.host) ? target : undefined;
  }

  /** Asked each time: the bridge comes with the first Pod, and with another podCIDR it has another subnet. */
  #isPod(address: string): boolean {
    const { podInterface } = this.#options;
    const own = podInterface === undefined ? [] : (networkInterfaces()[podInterface] ?? []);
    const pods = new BlockList();
    for (const { cidr, family } of own) {
      const [network, bits] = cidr?.split('/') ?? [];
      if (family === 'IPv4' && network !== undefined) pods.addSubnet(network, Number(bits), 'ipv4');
    }
    // The bridge's own address is the node, not a Pod.
    return isIP(address) === 4 && pods.check(address, 'ipv4') && !own.some((one) => one.address === address);
  }
}
