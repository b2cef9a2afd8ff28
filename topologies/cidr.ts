/** An IPv4 network: the numeric address of its first host and the length of its prefix. */
export interface Cidr {
  readonly base: number;
  readonly prefix: number;
}

/** Reads `10.244.0.0/16`. Returns a sentence saying what is wrong when it cannot. */
export function parseCidr(text: string): Cidr | string {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return `"${text}" is not an IPv4 network such as 10.244.0.0/16`;
  const octets = match.slice(1, 5).map(Number);
  const prefix = Number(match[5]);
  if (octets.some((octet) => octet > 255) || prefix > 32) return `"${text}" is not an IPv4 network: a part is out of range`;
  const address = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const base = address - (address % sizeOf(prefix));
  if (base !== address) return `"${text}" is an address within a network, not the network itself, which is ${formatCidr({ base, prefix })}`;
  return { base, prefix };
}

const formatAddress = (address: number): string => [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');

const formatCidr = ({ base, prefix }: Cidr): string => `${formatAddress(base)}/${prefix}`;

export const lastAddress = ({ base, prefix }: Cidr): string => formatAddress(base + sizeOf(prefix) - 1);

export const overlap = (a: Cidr, b: Cidr): boolean =>
  a.base < b.base + sizeOf(b.prefix) && b.base < a.base + sizeOf(a.prefix);

const sizeOf = (prefix: number): number => 2 ** (32 - prefix);
