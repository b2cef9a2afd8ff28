import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { UsageError } from '../../../core/errors.ts';

export type Contents<Name extends string> = Readonly<Record<Name, string>>;

export interface WatchedFilesOptions<Name extends string> {
  /** Throws for a content that cannot be used: two files of which only one is replaced yet, or half of one. */
  readonly check?: (content: Contents<Name>) => void;
  /** Told, once for each reason, why there is a new content and the old one stays. */
  readonly failed?: (reason: string) => void;
}

/**
 * The content of files that others replace (a kubelet renews its certificate, a Secret is updated by a swapped link):
 * looked at by content, because neither modification times nor inotify survive links and mounts.
 */
export class WatchedFiles<Name extends string> {
  readonly #paths: Readonly<Record<Name, string>>;
  readonly #options: WatchedFilesOptions<Name>;
  #hash: string;
  #content: Contents<Name>;
  #problem = '';

  /** @throws UsageError when a file cannot be read at the start, or what is in them is of no use */
  constructor(paths: Readonly<Record<Name, string>>, options: WatchedFilesOptions<Name> = {}) {
    this.#paths = paths;
    this.#options = options;
    this.#content = this.#read();
    try {
      options.check?.(this.#content);
    } catch (cause) {
      throw new UsageError(`${Object.values(paths).join(', ')}: ${messageOf(cause)}`, { cause });
    }
    this.#hash = hashOf(this.#content);
  }

  get content(): Contents<Name> {
    return this.#content;
  }

  /** Reads again. @returns whether anything is different. Files that are just being replaced leave what there was. */
  refresh(): boolean {
    try {
      const content = this.#read();
      const hash = hashOf(content);
      if (hash !== this.#hash) this.#options.check?.(content);
      this.#problem = '';
      if (hash === this.#hash) return false;
      this.#hash = hash;
      this.#content = content;
      return true;
    } catch (error) {
      const problem = messageOf(error);
      if (problem !== this.#problem) this.#options.failed?.(problem);
      this.#problem = problem;
      return false;
    }
  }

  #read(): Contents<Name> {
    const entries = Object.entries<string>(this.#paths).map(([name, path]) => {
      try {
        return [name, readFileSync(path, 'utf8')];
      } catch (cause) {
        throw new UsageError(`${path} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? messageOf(cause)}`, { cause });
      }
    });
    return Object.fromEntries(entries) as Record<Name, string>;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const hashOf = (content: object): string => createHash('sha256').update(JSON.stringify(content)).digest('hex');
