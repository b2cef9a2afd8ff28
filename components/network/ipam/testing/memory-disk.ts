import type { Disk } from '../store/disk.ts';

/** Thrown where the process dies: nothing after it happens. */
export class Killed extends Error {}

interface File {
  content: Buffer;
  /** What a power cut leaves of it. */
  synced: Buffer;
}

/**
 * A folder in memory that tells what the kernel was given from what is on the disk. A process may die before any step, or in the middle of a
 * write; the power may go at any time: names that were not synced are as they were or as they came to be, and content that was
 * not synced is anything that a disk leaves of it.
 */
export class MemoryDisk implements Disk {
  #names = new Map<string, File>();
  #syncedNames = new Map<string, File>();
  /** After so many more steps the process dies. A fraction is how much of a write still happens. */
  stepsLeft = Infinity;
  steps = 0;

  #step(): number {
    this.steps += 1;
    if (this.stepsLeft < 1) {
      const part = this.stepsLeft;
      this.stepsLeft = Infinity;
      return part;
    }
    this.stepsLeft -= 1;
    return 1;
  }

  #whole(): void {
    if (this.#step() < 1) throw new Killed();
  }

  read(name: string): Buffer | undefined {
    return this.#names.get(name)?.content;
  }

  write(name: string, content: Buffer): void {
    const part = this.#step();
    const file = this.#names.get(name) ?? { content: Buffer.alloc(0), synced: Buffer.alloc(0) };
    this.#names.set(name, file);
    file.content = content.subarray(0, Math.floor(content.length * part));
    if (part < 1) throw new Killed();
  }

  sync(name: string): void {
    this.#whole();
    const file = this.#names.get(name)!;
    file.synced = file.content;
  }

  rename(from: string, to: string): void {
    this.#whole();
    this.#names.set(to, this.#names.get(from)!);
    this.#names.delete(from);
  }

  syncFolder(): void {
    this.#whole();
    this.#syncedNames = new Map(this.#names);
  }

  /** @param chance numbers from 0 to 1: which names have come to the disk, and how much of what was not synced */
  cutPower(chance: () => number): void {
    const names = chance() < 0.5 ? this.#syncedNames : this.#names;
    const left = new Map<File, File>();
    for (const file of names.values()) {
      const torn = file.synced.equals(file.content) ? file.content : Buffer.from(file.content.subarray(0, Math.floor(file.content.length * chance())));
      if (torn !== file.content && torn.length > 0 && chance() < 0.3) torn.fill(0, Math.floor(torn.length * chance()));
      left.set(file, { content: torn, synced: torn });
    }
    this.#names = new Map([...names].map(([name, file]) => [name, left.get(file)!]));
    this.#syncedNames = new Map(this.#names);
    this.stepsLeft = Infinity;
  }

  /** What a bad disk does. */
  replace(name: string, content: Buffer | undefined): void {
    if (content === undefined) this.#names.delete(name);
    else this.#names.set(name, { content, synced: content });
    this.#syncedNames = new Map(this.#names);
  }

  get files(): readonly string[] {
    return [...this.#names.keys()];
  }
}
