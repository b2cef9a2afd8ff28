import { fs, path as paths } from '../builtin.ts';

const { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } = fs;
const { dirname, join } = paths;

/** What the state needs of a folder. Tests put one there that dies, or loses power, between any two of these. */
export interface Disk {
  /** @returns undefined when there is no such file; 'unreadable' when the disk does not give it back */
  read(name: string): Buffer | 'unreadable' | undefined;
  /** Makes the file, or empties one that is there, and gives it that content. It is not on the disk yet. */
  write(name: string, content: Buffer): void;
  sync(name: string): void;
  /** In one step, over what is there. */
  rename(from: string, to: string): void;
  /** Names are on the disk only after that. */
  syncFolder(): void;
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** A folder that only its user may enter, files that only its user may read. Synchronous: a call of the plugin has nothing else to do. */
export class Folder implements Disk {
  readonly path: string;

  /** Makes the folder, with those above it. @throws a system error */
  constructor(path: string) {
    this.path = path;
    make(path);
  }

  read(name: string): Buffer | 'unreadable' | undefined {
    try {
      return readFileSync(join(this.path, name));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      if (codeOf(error) === 'EIO') return 'unreadable';
      throw error;
    }
  }

  write(name: string, content: Buffer): void {
    const file = openSync(join(this.path, name), 'w', 0o600);
    try {
      for (let at = 0; at < content.length;) at += writeSync(file, content, at);
    } finally {
      closeSync(file);
    }
  }

  sync(name: string): void {
    syncPath(join(this.path, name), 'r+');
  }

  rename(from: string, to: string): void {
    renameSync(join(this.path, from), join(this.path, to));
  }

  syncFolder(): void {
    syncPath(this.path, 'r');
  }
}

function syncPath(path: string, flags: string): void {
  const file = openSync(path, flags);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function make(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    if (codeOf(error) !== 'ENOENT') throw error;
    make(dirname(path));
    return make(path);
  }
  syncPath(dirname(path), 'r');
}
