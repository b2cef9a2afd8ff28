import type { State } from '../state.ts';
import type { Disk } from './disk.ts';
import { decodeState, encodeState } from './format.ts';

export const stateName = 'reservations.json';
const draftName = `${stateName}.new`;

/** What was read. `lost`: there is no file, as on a node where nothing was ever added. `damaged`: what was there is now called `setAside`. */
export type ReadState = { readonly kind: 'read'; readonly state: State } | { readonly kind: 'lost' } | { readonly kind: 'damaged'; readonly setAside: string };

/** Reads the state, by who has the lock. A damaged file gets another name and stays, for who wants to know. @throws a system error */
export function readState(disk: Disk): ReadState {
  const bytes = disk.read(stateName);
  if (bytes === undefined) return { kind: 'lost' };
  const state = bytes === 'unreadable' ? undefined : decodeState(bytes);
  if (state !== undefined) return { kind: 'read', state };
  const setAside = freeName(disk);
  disk.rename(stateName, setAside);
  return { kind: 'damaged', setAside };
}

/** Looks without changing anything, as somebody without the lock. @returns undefined when it is lost or damaged @throws a system error */
export function peekState(disk: Pick<Disk, 'read'>): State | undefined {
  const bytes = disk.read(stateName);
  return bytes === undefined || bytes === 'unreadable' ? undefined : decodeState(bytes);
}

function freeName(disk: Disk): string {
  for (let number = 1; ; number += 1) {
    const name = `${stateName}.damaged-${number}`;
    if (disk.read(name) === undefined) return name;
  }
}

/**
 * Replaces the state: after a kill or a power cut at any moment the file is the one before or this one, and it is this one when this
 * has returned.
 *
 * @throws a system error; then it is one of the two
 */
export function writeState(disk: Disk, state: State): void {
  disk.write(draftName, encodeState(state));
  disk.sync(draftName);
  disk.rename(draftName, stateName);
  disk.syncFolder();
}
