import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot } from '../core/paths.ts';

/** Loads what a verb needs when it is called for: `--help` and bad usage answer at once. */
export const later = async <M>(path: string): Promise<M> => (await import(pathToFileURL(join(repositoryRoot, path)).href)) as M;
