import { formatAddress, formatSubnet, inSubnet, type Address, type Subnet } from './addresses.ts';

/** Addresses of one subnet from which Pods get theirs: from `first` to `last`, without the gateway. */
export interface AddressRange {
  readonly subnet: Subnet;
  readonly first: Address;
  readonly last: Address;
  readonly gateway: Address;
}

/** Ranges of one family. A Pod gets one address out of each set: two sets are a dual stack. */
export type RangeSet = readonly AddressRange[];

const inside = ({ first, last, subnet }: AddressRange, address: Address): boolean => inSubnet(subnet, address) && address.value >= first.value && address.value <= last.value;

/** @returns the range that has an address to give, also if somebody has it */
export const rangeOf = (set: RangeSet, address: Address): AddressRange | undefined => set.find((range) => inside(range, address) && address.value !== range.gateway.value);

export const overlap = (a: AddressRange, b: AddressRange): boolean => a.subnet.network.family === b.subnet.network.family && a.first.value <= b.last.value && b.first.value <= a.last.value;

/** How many addresses a set has to give. */
export const sizeOf = (set: RangeSet): bigint => set.reduce((sum, range) => sum + range.last.value - range.first.value + 1n - (inside(range, range.gateway) ? 1n : 0n), 0n);

/**
 * The next address that nobody has, after the one given last: one that came free rests for as long as there are others, so that who still
 * knows its old holder does not find the new one.
 *
 * @param after may be of no range any more
 * @returns undefined when the set is full
 */
export function nextFree(set: RangeSet, taken: (address: Address) => boolean, after?: Address): Address | undefined {
  const start = after === undefined ? -1 : set.findIndex((range) => inside(range, after));
  if (start === -1) return set.map((range) => firstFree(range, range.first.value, range.last.value, taken)).find((found) => found !== undefined);
  const from = after!.value;
  const begun = set[start]!;
  const rest = [...set.slice(start + 1), ...set.slice(0, start)];
  return firstFree(begun, from + 1n, begun.last.value, taken)
    ?? rest.map((range) => firstFree(range, range.first.value, range.last.value, taken)).find((found) => found !== undefined)
    ?? firstFree(begun, begun.first.value, from, taken);
}

function firstFree({ subnet: { network: { family } }, gateway }: AddressRange, from: bigint, to: bigint, taken: (address: Address) => boolean): Address | undefined {
  for (let value = from; value <= to; value += 1n) {
    const address = { family, value };
    if (value !== gateway.value && !taken(address)) return address;
  }
  return undefined;
}

export const describeSet = (set: RangeSet): string => set.map(({ subnet, first, last }) => `${formatSubnet(subnet)} (${formatAddress(first)} to ${formatAddress(last)})`).join(', ');
