import { BlockList, isIPv4 } from 'node:net';
import type { KubeItem } from '../../kube/list-watch.ts';

/** What the tunnel needs of a Node object. */
export interface KubeNode extends KubeItem {
  readonly spec?: { readonly podCIDRs?: readonly string[] };
  readonly status?: { readonly addresses?: readonly { readonly type: string; readonly address: string }[] };
}

/** Of all that there is of one, that alone: there may be thousands. */
export const keepOfNode = ({ metadata: { name, uid, labels }, spec, status }: KubeNode): KubeNode => ({
  metadata: { name, ...(uid !== undefined && { uid }), ...(labels !== undefined && { labels }) },
  ...(spec?.podCIDRs !== undefined && { spec: { podCIDRs: spec.podCIDRs } }),
  ...(status?.addresses !== undefined && { status: { addresses: status.addresses } }),
});

export interface KnownNode {
  readonly name: string;
  readonly uid: string;
  readonly edge: boolean;
  /** IP addresses and host names, lower case. */
  readonly addresses: readonly string[];
  readonly internalIp: string | undefined;
  readonly podCidrs: readonly string[];
}

interface PodRange {
  readonly node: KnownNode;
  readonly range: BlockList;
}

/** Which nodes there are, by name, by address and by the Pods that they hold. */
export class NodeDirectory {
  readonly #edgeLabel: readonly [key: string, value: string];
  #byName = new Map<string, KnownNode>();
  #byAddress = new Map<string, KnownNode[]>();
  #podRanges: PodRange[] = [];
  #synced = false;

  /** @param edgeLabel `key=value` that edge nodes carry */
  constructor(edgeLabel: string) {
    const [key = '', value = ''] = edgeLabel.split('=');
    this.#edgeLabel = [key, value];
  }

  /** Whether the nodes were ever read. */
  get synced(): boolean {
    return this.#synced;
  }

  get(name: string): KnownNode | undefined {
    return this.#byName.get(name);
  }

  /** Nodes that are called so, or have this address: several where sites reuse addresses. */
  at(host: string): readonly KnownNode[] {
    const named = this.#byName.get(host);
    return named !== undefined ? [named] : (this.#byAddress.get(host) ?? []);
  }

  /** The node whose Pods have this address. */
  ofPod(address: string): KnownNode | undefined {
    return isIPv4(address) ? this.#podRanges.find(({ range }) => range.check(address))?.node : undefined;
  }

  /** @returns names of nodes that are gone, or were deleted and made anew: nothing of the old one may go on */
  update(items: Iterable<KubeNode>): string[] {
    const before = this.#byName;
    const nodes = [...items].map((item) => this.#known(item));
    this.#byName = new Map(nodes.map((node) => [node.name, node]));
    this.#byAddress = new Map();
    for (const node of nodes) for (const address of new Set(node.addresses)) this.#byAddress.set(address, [...(this.#byAddress.get(address) ?? []), node]);
    this.#podRanges = nodes.flatMap((node) => node.podCidrs.map((cidr) => ({ node, range: rangeOf(cidr) })));
    this.#synced = true;
    return [...before.values()].filter(({ name, uid }) => this.#byName.get(name)?.uid !== uid).map(({ name }) => name);
  }

  #known({ metadata, spec, status }: KubeNode): KnownNode {
    const addresses = status?.addresses ?? [];
    const [key, value] = this.#edgeLabel;
    return {
      name: metadata.name,
      uid: metadata.uid ?? '',
      edge: metadata.labels?.[key] === value,
      addresses: addresses.map(({ address }) => address.toLowerCase()),
      internalIp: addresses.find(({ type }) => type === 'InternalIP')?.address,
      podCidrs: (spec?.podCIDRs ?? []).filter((cidr) => isIPv4(cidr.split('/')[0]!)),
    };
  }
}

/** @param cidr IPv4, `10.244.1.0/24` */
export function rangeOf(...cidrs: readonly string[]): BlockList {
  const range = new BlockList();
  for (const cidr of cidrs) {
    const [network = '', bits] = cidr.split('/');
    range.addSubnet(network, Number(bits), 'ipv4');
  }
  return range;
}
