/** An address as a number: 32 bits or 128. */
export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

export const bitsOf = (family: 4 | 6): number => (family === 4 ? 32 : 128);

/**
 * Reads IPv4 in four decimal numbers, or IPv6 as RFC 4291, 2.2 writes it, without a zone. By itself: loading `node:net` takes 2 ms of each call of the plugin.
 *
 * @returns undefined for anything else; an IPv4 address in IPv6 notation (RFC 4291, 2.5.5.2) is one of IPv4, as Go takes it
 */
export function parseAddress(text: string): Address | undefined {
  const small = ipv4(text);
  if (small !== undefined) return { family: 4, value: small };
  const value = ipv6(text);
  if (value === undefined) return undefined;
  return value >> 32n === 0xffffn ? { family: 4, value: value & 0xffffffffn } : { family: 6, value };
}

function ipv4(text: string): bigint | undefined {
  const bytes = text.split('.');
  // Go takes no leading zeros either: some read them as octal.
  if (bytes.length !== 4 || !bytes.every((byte) => /^(0|[1-9]\d{0,2})$/.test(byte) && Number(byte) <= 255)) return undefined;
  return bytes.reduce((sum, byte) => (sum << 8n) + BigInt(byte), 0n);
}

function ipv6(text: string): bigint | undefined {
  let groups = text;
  const dotted = /^(.*:)([\d.]+\.[\d.]+)$/.exec(text);
  if (dotted !== null) {
    // The last 32 bits may be written as IPv4.
    const tail = ipv4(dotted[2]!);
    if (tail === undefined) return undefined;
    groups = `${dotted[1]}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`;
  }
  const halves = groups.split('::');
  const [before = [], after] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - before.length - (after?.length ?? 0);
  if (halves.length > 2 || (after === undefined ? missing !== 0 : missing < 1)) return undefined;
  const all = [...before, ...Array<string>(missing).fill('0'), ...(after ?? [])];
  return all.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) ? all.reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n) : undefined;
}

/** IPv6 as RFC 5952 writes it: lower case, the first longest run of two or more zero groups as `::`. */
export function formatAddress({ family, value }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(16 * (7 - index))) & 0xffffn).toString(16));
  let best = { at: 0, length: 1 };
  for (let at = 0; at < 8; at += 1) {
    let length = 0;
    while (groups[at + length] === '0') length += 1;
    if (length > best.length) best = { at, length };
  }
  if (best.length === 1) return groups.join(':');
  return `${groups.slice(0, best.at).join(':')}::${groups.slice(best.at + best.length).join(':')}`;
}

/** A network: its first address, and how many bits name it. */
export interface Subnet {
  readonly network: Address;
  readonly prefix: number;
}

/** @returns undefined for what is not ADDRESS/PREFIX; `network` may have host bits set */
export function parseSubnet(text: string): Subnet | undefined {
  const [, address = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const network = parseAddress(address);
  const prefix = Number(digits);
  // With a prefix, IPv4 in IPv6 notation would say how many of 128 bits: nobody writes such a network.
  if (network === undefined || prefix > bitsOf(network.family) || (network.family === 4 && address.includes(':'))) return undefined;
  return { network, prefix };
}

export const formatSubnet = ({ network, prefix }: Subnet): string => `${formatAddress(network)}/${prefix}`;

const hostBits = ({ network, prefix }: Subnet): bigint => (1n << BigInt(bitsOf(network.family) - prefix)) - 1n;

/** The same network by its first address. */
export const masked = (subnet: Subnet): Subnet => ({ ...subnet, network: { ...subnet.network, value: subnet.network.value & ~hostBits(subnet) } });

export const lastOf = (subnet: Subnet): Address => ({ ...subnet.network, value: subnet.network.value | hostBits(subnet) });

export const inSubnet = (subnet: Subnet, { family, value }: Address): boolean => family === subnet.network.family && value >= subnet.network.value && value <= lastOf(subnet).value;
