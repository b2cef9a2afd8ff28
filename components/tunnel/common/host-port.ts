import { isIPv4, isIPv6 } from 'node:net';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A DNS name, RFC 1123: labels of letters, digits and hyphens. */
const dnsName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const maxNameBytes = 253;

/** Reads `host:port` or `[IPv6]:port` (RFC 9110, 7.2 of CONNECT's authority-form). @returns undefined for anything else */
export function parseHostPort(text: string): HostPort | undefined {
  // Without one expression for all of it, which would take longer than all else that an open needs from here.
  const colon = text.lastIndexOf(':');
  const port = portOf(text, colon + 1);
  if (colon < 1 || port === undefined) return undefined;
  const host = text.slice(0, colon).toLowerCase();
  if (host.startsWith('[')) {
    const address = host.slice(1, -1);
    // A zone is good on one machine only.
    return host.endsWith(']') && isIPv6(address) && !address.includes('%') ? { host: address, port } : undefined;
  }
  return (host.length <= maxNameBytes && dnsName.test(host)) || isIPv4(host) ? { host, port } : undefined;
}

function portOf(text: string, from: number): number | undefined {
  if (from === text.length || text.length > from + 5) return undefined;
  let port = 0;
  for (let at = from; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    port = port * 10 + digit;
  }
  return port >= 1 && port <= 65_535 ? port : undefined;
}

export const formatHostPort = ({ host, port }: HostPort): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
