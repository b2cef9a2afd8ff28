import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';

/**
 * The content of files that others replace (a kubelet renews its certificate, a Secret is updated by a swapped link):
 * looked at by content, because neither modification times nor inotify survive links and mounts.
 */
export class WatchedFiles<Name extends string> {
  readonly #paths: Readonly<Record<Name, string>>;
  #hash = '';
  #content: Readonly<Record<Name, string>>;

  /** @throws the file system's error when a file cannot be read at the start */
  constructor(paths: Readonly<Record<Name, string>>) {
    this.#paths = paths;
    this.#content = this.#read();
    this.#hash = hashOf(this.#content);
  }

  get content(): Readonly<Record<Name, string>> {
    return this.#content;
  }

  /** Reads again. @returns whether anything is different. A file that is being replaced leaves what there was. */
  refresh(): boolean {
    let content: Readonly<Record<Name, string>>;
    try {
      content = this.#read();
    } catch {
      return false;
    }
    const hash = hashOf(content);
    if (hash === this.#hash) return false;
    this.#hash = hash;
    this.#content = content;
    return true;
  }

  #read(): Readonly<Record<Name, string>> {
    const entries = Object.entries<string>(this.#paths).map(([name, path]) => [name, readFileSync(path, 'utf8')]);
    return Object.fromEntries(entries) as Record<Name, string>;
  }
}

const hashOf = (content: object): string => createHash('sha256').update(JSON.stringify(content)).digest('hex');
