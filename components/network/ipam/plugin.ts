import { EdgeproofError } from '../../../core/errors.ts';
import { path as paths } from './builtin.ts';
import { defaultDataDir, lockName } from './data-dir.ts';
import { Ipam, io } from './ipam.ts';
import { attachmentIn, commandIn, type Command } from './protocol/arguments.ts';
import { CniError, cniCodes } from './protocol/cni-error.ts';
import { previousAddresses, readAddressing, readNetwork, validAttachments, type Network } from './protocol/config.ts';
import { addResult, errorResult } from './protocol/result.ts';
import { newestVersion, requireCommand, supportedVersions, type CniVersion } from './protocol/versions.ts';
import type { RangeSet } from './ranges.ts';
import { addressesIn, lookAtNetns, takeOut } from './sandboxes.ts';
import { Folder } from './store/disk.ts';
import { lockFile } from './store/lock.ts';

/** libcni's (api.go, `CacheDir`) and containerd's own. */
const resultsFolder = '/var/lib/cni/results';
const netnsFolder = '/var/run/netns';
/** A runtime gives a sandbox minutes, and asks again. Milliseconds. */
const lockWithinMs = 20_000;

export interface Call {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @throws a system error */
  readonly stdin: () => string;
  /** Told what an operator should know, which is no result. */
  readonly told: (what: string) => void;
  readonly resultsFolder?: string;
  readonly netnsFolder?: string;
  /** How long others may hold the lock. Milliseconds. */
  readonly lockWithinMs?: number;
}

/** What goes to stdout, and whether the call succeeded. */
export interface Answer {
  readonly ok: boolean;
  readonly text: string;
}

/** One call of the plugin, as the CNI specification 1.1.0 describes it in section 2. */
export function call(request: Call): Answer {
  let version: CniVersion | undefined;
  try {
    const command = commandIn(request.environment);
    const text = io(request.stdin);
    if (command === 'VERSION') return { ok: true, text: JSON.stringify({ cniVersion: askedVersion(text), supportedVersions }) };
    const network = readNetwork(text);
    ({ version } = network);
    const result = run(command, network, request);
    return { ok: true, text: result === undefined ? '' : JSON.stringify(result) };
  } catch (error) {
    return { ok: false, text: JSON.stringify(errorResult(version, asCniError(error))) };
  }
}

function run(command: Exclude<Command, 'VERSION'>, network: Network, request: Call): object | undefined {
  const { environment } = request;
  switch (command) {
    case 'ADD': {
      const attachment = attachmentIn(environment, 'ADD');
      const addressing = readAddressing(network);
      return addResult(network.version, addressing, ipamOf(network, request).add(addressing.sets, attachment));
    }
    case 'DEL': {
      const attachment = attachmentIn(environment, 'DEL');
      ipamOf(network, request).delete(readableSets(network), attachment);
      return undefined;
    }
    case 'CHECK': {
      requireCommand(network.version, 'CHECK');
      const attachment = attachmentIn(environment, 'CHECK');
      ipamOf(network, request).check(readAddressing(network).sets, attachment, previousAddresses(network));
      return undefined;
    }
    case 'GC':
      requireCommand(network.version, 'GC');
      ipamOf(network, request).collect(readableSets(network), validAttachments(network));
      return undefined;
    case 'STATUS':
      requireCommand(network.version, 'STATUS');
      status(network, request);
      return undefined;
  }
}

function status(network: Network, request: Call): void {
  const { sets } = readAddressing(network);
  try {
    ipamOf(network, request).status(sets);
  } catch (cause) {
    // Whatever keeps it from its state keeps it from serving an ADD.
    throw cause instanceof CniError && cause.cniCode === cniCodes.ioFailure ? new CniError(cniCodes.notAvailable, cause.message, { cause }) : cause;
  }
}

function ipamOf({ name, dataDir }: Network, request: Call): Ipam {
  const disk = io(() => new Folder(paths.join(dataDir ?? defaultDataDir, name)));
  return new Ipam({
    network: name,
    disk,
    told: request.told,
    lock: () => io(() => lockFile(paths.join(disk.path, lockName), request.lockWithinMs ?? lockWithinMs)),
    outside: { look: lookAtNetns(), addressesIn, takeOut, resultsFolder: request.resultsFolder ?? resultsFolder, netnsFolder: request.netnsFolder ?? netnsFolder },
  });
}

/** What ends is ended also when the ranges are not readable any more (CNI specification 1.1.0, section 2, DEL: "best-effort"). */
function readableSets(network: Network): readonly RangeSet[] {
  try {
    return readAddressing(network).sets;
  } catch (error) {
    if (error instanceof CniError) return [];
    throw error;
  }
}

/** libcni asks with a version that it takes to be the newest; some runtimes with nothing. */
function askedVersion(text: string): unknown {
  try {
    return (JSON.parse(text) as { cniVersion?: unknown } | null)?.cniVersion ?? newestVersion;
  } catch {
    return newestVersion;
  }
}

function asCniError(error: unknown): CniError {
  if (error instanceof CniError) return error;
  if (error instanceof EdgeproofError && error.code === 'LOCKED') return new CniError(cniCodes.tryAgainLater, error.message, { cause: error });
  // A mistake of ours. 999 is what libcni's plugins call an internal error.
  return new CniError(999, error instanceof Error ? error.message : String(error), error instanceof Error && error.stack !== undefined ? { details: error.stack, cause: error } : {});
}
