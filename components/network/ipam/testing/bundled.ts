import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** The plugin as one file, as a node has it: each of many calls would else compile its sources. */
export class BundledPlugin implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'edge-ipam-bundle-'));
  readonly path = join(this.#folder, 'edge-ipam.mjs');

  constructor() {
    buildSync({ entryPoints: [new URL('../main.ts', import.meta.url).pathname], bundle: true, platform: 'node', target: 'node26', format: 'esm', minifyWhitespace: true, outfile: this.path, logLevel: 'error' });
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
