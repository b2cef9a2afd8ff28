import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EdgeproofError } from '../../../../core/errors.ts';
import { lockName } from '../data-dir.ts';
import type { State } from '../state.ts';
import { Folder } from '../store/disk.ts';
import { lockFile } from '../store/lock.ts';
import { peekState, stateName, writeState } from '../store/store.ts';

/** The event loop waits meanwhile; the next round comes soon. Milliseconds. */
const lockWithinMs = 200;

/** One network's state, as the resident sees it. */
export class NetworkState {
  readonly name: string;
  readonly #folder: string;

  constructor(dataDir: string, name: string) {
    this.name = name;
    this.#folder = join(dataDir, name);
  }

  /** @returns undefined when there is none that can be read: it is the plugin that rebuilds it, as it knows the network @throws a system error */
  peek(): State | undefined {
    return peekState(new Folder(this.#folder));
  }

  /**
   * @param work gives the same state when there is nothing to do
   * @returns whether something was written; undefined when the plugin was at work
   * @throws a system error
   */
  change(work: (state: State) => State): boolean | undefined {
    const disk = new Folder(this.#folder);
    let held: Disposable;
    try {
      held = lockFile(join(this.#folder, lockName), lockWithinMs);
    } catch (error) {
      if (error instanceof EdgeproofError && error.code === 'LOCKED') return undefined;
      throw error;
    }
    using _lock = held;
    const state = peekState(disk);
    const next = state && work(state);
    if (next === undefined || next === state) return false;
    writeState(disk, next);
    return true;
  }

  /** Files that were damaged and are kept. */
  get setAside(): number {
    return readdirSync(this.#folder).filter((name) => name.startsWith(`${stateName}.damaged-`)).length;
  }
}

/** @returns those that the plugin was ever called for @throws a system error */
export function networksIn(dataDir: string): readonly NetworkState[] {
  try {
    return readdirSync(dataDir, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => new NetworkState(dataDir, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
