import { bitsOf, formatAddress, formatSubnet, inSubnet, lastOf, masked, parseAddress, parseSubnet, type Address } from '../addresses.ts';
import { overlap, type AddressRange, type RangeSet } from '../ranges.ts';
import { CniError, cniCodes } from './cni-error.ts';
import { versionOf, type CniVersion } from './versions.ts';

/** A route of the result, as the configuration has it. */
export type Route = Readonly<Record<string, unknown>> & { readonly dst: string };

type Json = Readonly<Record<string, unknown>>;

/** What all commands need. */
export interface Network {
  readonly version: CniVersion;
  readonly name: string;
  /** Where the state is, in place of the plugin's own folder, as host-local's `dataDir`. */
  readonly dataDir: string | undefined;
  /** The whole, for the rest. */
  readonly json: Json;
}

export interface Addressing {
  readonly sets: readonly RangeSet[];
  readonly routes: readonly Route[];
  readonly dns: Json;
}

/** CNI specification 1.1.0, section 1: no file of that name can leave its folder. */
const networkName = /^[a-zA-Z0-9][\w.-]*$/;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const invalid = (message: string): CniError => new CniError(cniCodes.invalidConfig, message);

/** @param text of the network configuration, whole, as IPAM plugins get it (CNI specification 1.1.0, section 4) @throws CniError 1, 6, 7 */
export function readNetwork(text: string): Network {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CniError(cniCodes.decodeFailure, 'the network configuration is not JSON', { details: (cause as Error).message, cause });
  }
  if (!isObject(json)) throw new CniError(cniCodes.decodeFailure, 'the network configuration is not a JSON object');
  const version = versionOf(json['cniVersion']);
  const { name } = json;
  if (typeof name !== 'string' || !networkName.test(name)) throw invalid(`name must be the network's, of letters, digits, ., _ and -, and is ${JSON.stringify(name)}`);
  const ipam = json['ipam'];
  const dataDir = isObject(ipam) ? ipam['dataDir'] : undefined;
  if (dataDir !== undefined && (typeof dataDir !== 'string' || !dataDir.startsWith('/'))) throw invalid(`ipam.dataDir must be an absolute path, and is ${JSON.stringify(dataDir)}`);
  return { version, name, dataDir, json };
}

/** What host-local can and this does not: each would be a Pod's address said by somebody else. */
const unsupported = [['ipam', 'resolvConf'], ['runtimeConfig', 'ips'], ['runtimeConfig', 'ipRanges'], ['args', 'cni', 'ips']] as const;

/** Ranges as host-local's: `ranges`, or one by `subnet` and the rest beside it. @throws CniError 2, 7 */
export function readAddressing({ json }: Network): Addressing {
  for (const path of unsupported) {
    const value = path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), json);
    if (value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0)) throw new CniError(cniCodes.unsupportedField, `${path.join('.')} is not supported: ${JSON.stringify(value)}`);
  }
  const ipam = json['ipam'];
  if (!isObject(ipam)) throw invalid('ipam is missing');
  const single = ipam['subnet'] === undefined ? [] : [[ipam]];
  const given = ipam['ranges'] ?? [];
  if (!Array.isArray(given)) throw invalid('ipam.ranges must be a list of lists of ranges');
  const sets = [...single, ...given].map((set, index) => rangeSet(set, index));
  if (sets.length === 0) throw invalid('ipam has no range: subnet and ranges are missing');
  const all = sets.flat();
  const clash = all.flatMap((a, at) => all.slice(at + 1).map((b) => [a, b] as const)).find(([a, b]) => overlap(a, b));
  if (clash !== undefined) throw invalid(`ranges overlap: ${clash.map(({ subnet, first, last }) => `${formatSubnet(subnet)} from ${formatAddress(first)} to ${formatAddress(last)}`).join(' and ')}`);
  return { sets, routes: routes(ipam['routes']), dns: isObject(json['dns']) ? json['dns'] : {} };
}

function rangeSet(given: unknown, index: number): RangeSet {
  if (!Array.isArray(given) || given.length === 0) throw invalid(`ipam.ranges[${index}] must be a list of ranges`);
  const set = given.map((range) => addressRange(range));
  if (new Set(set.map(({ subnet }) => subnet.network.family)).size > 1) throw invalid(`ipam.ranges[${index}] has IPv4 and IPv6 in one set: a Pod gets one address of each set`);
  return set;
}

function addressRange(given: unknown): AddressRange {
  if (!isObject(given)) throw invalid(`a range must be an object, and is ${JSON.stringify(given)}`);
  const subnet = typeof given['subnet'] === 'string' ? parseSubnet(given['subnet']) : undefined;
  if (subnet === undefined) throw invalid(`subnet must be ADDRESS/BITS, and is ${JSON.stringify(given['subnet'])}`);
  const whole = masked(subnet);
  if (whole.network.value !== subnet.network.value) throw invalid(`subnet ${formatSubnet(subnet)} has host bits set: the network is ${formatSubnet(whole)}`);
  const { family, value } = subnet.network;
  if (subnet.prefix > bitsOf(family) - 2) throw invalid(`subnet ${formatSubnet(subnet)} is too small to give addresses of it`);
  // The last of an IPv4 network is for broadcasts.
  const end = { family, value: lastOf(subnet).value - (family === 4 ? 1n : 0n) };
  const first = inside(given, 'rangeStart', subnet, { family, value: value + 1n });
  const last = inside(given, 'rangeEnd', subnet, end);
  if (first.value > last.value) throw invalid(`rangeStart ${formatAddress(first)} comes after rangeEnd ${formatAddress(last)}`);
  return { subnet, first, last, gateway: addressOf(given, 'gateway') ?? { family, value: value + 1n } };
}

function inside(given: Json, key: string, subnet: AddressRange['subnet'], otherwise: Address): Address {
  const address = addressOf(given, key);
  if (address !== undefined && !inSubnet(subnet, address)) throw invalid(`${key} ${formatAddress(address)} is not in ${formatSubnet(subnet)}`);
  return address ?? otherwise;
}

function addressOf(given: Json, key: string): Address | undefined {
  const value = given[key];
  if (value === undefined || value === '') return undefined;
  const address = typeof value === 'string' ? parseAddress(value) : undefined;
  if (address === undefined) throw invalid(`${key} must be an address, and is ${JSON.stringify(value)}`);
  return address;
}

function routes(given: unknown): Route[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) throw invalid('ipam.routes must be a list');
  return given.map((route: unknown) => {
    if (!isObject(route) || typeof route['dst'] !== 'string' || parseSubnet(route['dst']) === undefined) throw invalid(`a route needs dst, ADDRESS/BITS: ${JSON.stringify(route)}`);
    if (route['gw'] !== undefined) addressOf(route, 'gw');
    return route as Route;
  });
}

/** Of GC: `cni.dev/valid-attachments`. Without it nobody could tell what is stale. @throws CniError 7 */
export function validAttachments({ json }: Network): { readonly container: string; readonly ifname: string }[] {
  // Go writes an empty list as null.
  const given = json['cni.dev/valid-attachments'] === null ? [] : json['cni.dev/valid-attachments'];
  if (!Array.isArray(given)) throw invalid('cni.dev/valid-attachments is missing');
  return given.map((one: unknown) => {
    if (!isObject(one) || typeof one['containerID'] !== 'string' || typeof one['ifname'] !== 'string') throw invalid(`an attachment has containerID and ifname: ${JSON.stringify(one)}`);
    return { container: one['containerID'], ifname: one['ifname'] };
  });
}

/** Of CHECK: the addresses of `prevResult`. @throws CniError 7 */
export function previousAddresses({ json }: Network): string[] {
  const previous = json['prevResult'];
  if (!isObject(previous) || !Array.isArray(previous['ips'])) throw invalid('prevResult is missing, or has no ips');
  return previous['ips'].flatMap((one: unknown) => {
    const address = isObject(one) && typeof one['address'] === 'string' ? parseAddress(one['address'].split('/')[0]!) : undefined;
    return address === undefined ? [] : [formatAddress(address)];
  });
}
