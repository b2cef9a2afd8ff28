import { formatAddress, parseAddress } from '../addresses.ts';
import { rangeOf, type RangeSet } from '../ranges.ts';
import type { Addressing, Route } from './config.ts';
import type { CniError } from './cni-error.ts';
import { isAtLeast, newestVersion, type CniVersion } from './versions.ts';

/** Of a route, what each version has (CNI specification 1.1.0, section 5, "ADD Success"). */
const routeKeys = ['dst', 'gw', 'mtu', 'advmss', 'priority', 'table', 'scope'] as const;
const oldRouteKeys = ['dst', 'gw'] as const;

/**
 * An IPAM plugin's result: without interfaces (CNI specification 1.1.0, section 5, "Delegated plugins"), in the version that the
 * configuration is of.
 */
export function addResult(version: CniVersion, { sets, routes, dns }: Addressing, addresses: readonly string[]): object {
  return {
    cniVersion: version,
    ips: addresses.map((address) => ip(version, sets, address)),
    ...(routes.length > 0 && { routes: routes.map((route) => routeIn(version, route)) }),
    dns,
  };
}

function ip(version: CniVersion, sets: readonly RangeSet[], text: string): object {
  const address = parseAddress(text)!;
  const { subnet, gateway } = sets.map((set) => rangeOf(set, address)).find((range) => range !== undefined)!;
  // The family was named until 1.0.0.
  return { ...(!isAtLeast(version, '1.0.0') && { version: String(address.family) }), address: `${text}/${subnet.prefix}`, gateway: formatAddress(gateway) };
}

const routeIn = (version: CniVersion, route: Route): object => Object.fromEntries((isAtLeast(version, '1.1.0') ? routeKeys : oldRouteKeys).filter((key) => route[key] !== undefined).map((key) => [key, route[key]]));

/** CNI specification 1.1.0, section 5, "Error". @param version undefined when it could not be read */
export const errorResult = (version: CniVersion | undefined, { cniCode, message, details }: CniError): object => ({ cniVersion: version ?? newestVersion, code: cniCode, msg: message, ...(details !== undefined && { details }) });
