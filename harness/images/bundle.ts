import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { EdgeproofError } from '../../core/errors.ts';
import { exec, ExecError } from '../../core/exec.ts';
import { bundlesDir, repositoryRoot } from '../../core/paths.ts';
import { workFolder } from './work-folder.ts';

/** The source does not compile, or imports what is not there. The message is esbuild's. */
export class BundleError extends EdgeproofError {
  constructor(entry: string, cause: ExecError) {
    super('BUNDLE_FAILED', `${entry} could not be made into one file:\n${cause.stderr.trim()}`, { next: 'mend the source, or install the package that is missing (npm ci)' });
  }
}

export interface BundleOptions {
  /** What the file is called, before its content's hash. Default: the name of the entry without its extension. */
  readonly name?: string;
  readonly signal?: AbortSignal;
}

// The program itself: esbuild's own bin is a script or a program, depending on how it was installed.
const esbuild = (): string => createRequire(createRequire(import.meta.url).resolve('esbuild')).resolve(`@esbuild/linux-${process.arch}/bin/esbuild`);

/** It needs a second at most; the disk may be slow. */
const bundleTimeoutMs = 60_000;
/** Bundles that nobody made for so long are of sources that are gone. Other checkouts on this machine make theirs here too. */
const keptMs = 24 * 3_600_000;

/** In an ECMAScript module, CommonJS packages find no `require` for Node's own modules, unless it is made. */
const banner = "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);";

/**
 * Makes one ECMAScript module (`.mjs`) for Node 26 of a TypeScript entry and all that it imports, packages too. Names stay as
 * they are, so that stack traces can be read.
 *
 * @param entry absolute path
 * @returns the file, named after its content: the same sources give the same path and bytes in every checkout
 * @throws BundleError
 */
export async function bundle(entry: string, options: BundleOptions = {}): Promise<string> {
  const name = options.name ?? basename(entry).replace(/\.[cm]?[jt]s$/, '');
  await mkdir(bundlesDir, { recursive: true, mode: 0o700 });
  await using work = await workFolder('bundle');
  const output = join(work.path, 'out.mjs');
  const flags = ['--bundle', '--platform=node', '--target=node26', '--format=esm', '--minify-whitespace', '--line-limit=160', `--banner:js=${banner}`, '--log-level=warning', '--color=false', `--outfile=${output}`];
  // Without comments: one letter of one of them that is not ASCII has V8 keep two bytes for each of the whole file (seen: 3.1 MB). In lines, so that a place in a stack trace says something.
  await exec([esbuild(), entry, ...flags], { cwd: repositoryRoot, timeoutMs: bundleTimeoutMs, ...(options.signal && { signal: options.signal }) }).catch((error: unknown) => {
    throw error instanceof ExecError && error.code === 'EXEC_FAILED' ? new BundleError(entry, error) : error;
  });
  const hash = createHash('sha256').update(await readFile(output)).digest('hex').slice(0, 12);
  const target = join(bundlesDir, `${name}-${hash}.mjs`);
  // Whole or not at all; over the same content it only makes that young again.
  await rename(output, target);
  await removeOld();
  return target;
}

async function removeOld(): Promise<void> {
  for (const file of await readdir(bundlesDir)) {
    const path = join(bundlesDir, file);
    const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Infinity);
    if (age > keptMs) await rm(path, { force: true });
  }
}
