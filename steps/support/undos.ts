import { allDone } from '../../core/all-done.ts';

/** Puts back what a step has changed. Has its own signal: it must also end after the scenario was interrupted. */
export type Undo = (signal: AbortSignal) => Promise<void>;

/** What a scenario's steps have changed besides its faults, each with the way to put it back at the scenario's end. */
export class Undos {
  readonly #undos = new Map<string, Undo>();

  /** To be called before the change: one that breaks off has changed something. A later undo of the same thing takes the place of the earlier. */
  add(what: string, undo: Undo): void {
    this.#undos.set(what, undo);
  }

  /** A step has put it back itself. */
  drop(what: string): void {
    this.#undos.delete(what);
  }

  /** Undoes everything, also when a part of it fails. @throws as the first that failed */
  async undoAll(signal: AbortSignal): Promise<void> {
    const undos = [...this.#undos.values()];
    this.#undos.clear();
    await allDone(undos.map(async (undo) => await undo(signal)));
  }
}
