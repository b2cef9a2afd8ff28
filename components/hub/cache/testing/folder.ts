import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from '../../../../core/remove-tree.ts';

/** A folder of its own for a test, which goes with the test. */
export class TestFolder implements AsyncDisposable {
  readonly #root: string = mkdtempSync(join(tmpdir(), 'edge-hub-cache-'));
  #copies = 0;

  path(name = 'cache'): string {
    return join(this.#root, name);
  }

  /** What another process would find if this one were killed now. */
  copy(name = 'cache'): string {
    this.#copies += 1;
    const copy = this.path(`copy-${this.#copies}`);
    cpSync(this.path(name), copy, { recursive: true });
    return copy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeTree(this.#root);
  }
}
