import { CniError, cniCodes } from './cni-error.ts';

/** Of the CNI specification. Before 0.3.0 a result looked otherwise, with one address of each family. */
export const supportedVersions = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;
export type CniVersion = (typeof supportedVersions)[number];

export const newestVersion: CniVersion = '1.1.0';

/** A configuration without one is of the time before there was one, as libcni takes it. @throws CniError 1, 6 */
export function versionOf(given: unknown): CniVersion {
  const asked = given === undefined || given === '' ? '0.1.0' : given;
  if (typeof asked !== 'string') throw new CniError(cniCodes.decodeFailure, `cniVersion must be a text, and is ${JSON.stringify(asked)}`);
  const version = supportedVersions.find((one) => one === asked);
  if (version === undefined) throw new CniError(cniCodes.incompatibleVersion, `cniVersion ${asked} is not supported`, { details: `supported: ${supportedVersions.join(', ')}` });
  return version;
}

export const isAtLeast = (version: CniVersion, other: CniVersion): boolean => supportedVersions.indexOf(version) >= supportedVersions.indexOf(other);

/** CHECK came with 0.4.0, GC and STATUS with 1.1.0. */
const since = { CHECK: '0.4.0', GC: '1.1.0', STATUS: '1.1.0' } as const;

/** @throws CniError 1 */
export function requireCommand(version: CniVersion, command: keyof typeof since): void {
  if (!isAtLeast(version, since[command])) throw new CniError(cniCodes.incompatibleVersion, `cniVersion ${version} does not have ${command}: it came with ${since[command]}`);
}
