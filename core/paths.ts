import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout (or installed package) that this code runs from. */
export const repositoryRoot = resolve(fileURLToPath(new URL('..', import.meta.url)));

/**
 * What edgeproof keeps between runs: clusters' state, the private engine, built binaries. Set `EDGEPROOF_HOME`
 * to move it. Everything below it may be deleted when nothing runs: it is made again.
 */
export const home = resolve(process.env['EDGEPROOF_HOME'] || join(homedir(), '.cache', 'edgeproof'));

export const clustersDir = join(home, 'clusters');
export const engineDir = join(home, 'engine');
export const binDir = join(home, 'bin');
export const bundlesDir = join(home, 'bundles');
export const runsDir = join(repositoryRoot, 'reports', 'runs');
