import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** As `temporaryFolder` makes it. */
export type TemporaryFolder = Awaited<ReturnType<typeof mkdtempDisposable>>;

export const temporaryFolder = async (prefix: string): Promise<TemporaryFolder> => await mkdtempDisposable(join(tmpdir(), prefix));

/** A test's certificates and keys, in a folder of their own. */
export class PemFolder implements AsyncDisposable {
  readonly #folder: TemporaryFolder;

  constructor(folder: TemporaryFolder) {
    this.#folder = folder;
  }

  get folder(): string {
    return this.#folder.path;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async write(name: string, text: string): Promise<string> {
    await writeFile(this.path(name), text);
    return this.path(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder.remove();
  }
}
