import { isDeepStrictEqual } from 'node:util';
import type { Device, DeviceAttributes, NodeNetwork } from './network.ts';
import type { StateFile } from './state.ts';

/**
 * What the device was like when flannel had it: that is what flannel wants, whatever its configuration says, and of whichever version it is. What the
 * device stands on may have changed since: then flannel wants another, and nothing is known of that.
 */
export class DeviceMemory {
  readonly #network: NodeNetwork;
  readonly #state: StateFile;

  constructor(network: NodeNetwork, state: StateFile) {
    this.#network = network;
    this.#state = state;
  }

  /** @returns undefined when it cannot be made as it was. @throws ExecError */
  async recall(): Promise<DeviceAttributes | undefined> {
    const { device, uplinkMtu } = this.#state.state;
    const uplink = device && (await this.#network.uplink(device.link));
    return uplink?.addresses.includes(device!.local) === true && uplink.mtu === (uplinkMtu ?? uplink.mtu) ? device : undefined;
  }

  /** @throws ExecError */
  async remember({ attributes }: Device): Promise<void> {
    if (attributes === undefined || isDeepStrictEqual(attributes, this.#state.state.device)) return;
    const uplink = await this.#network.uplink(attributes.link);
    this.#state.update({ device: attributes, ...(uplink && { uplinkMtu: uplink.mtu }) });
  }
}
