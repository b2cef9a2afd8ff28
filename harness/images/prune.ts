import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { binDir } from '../../core/paths.ts';
import type { Docker } from '../docker/docker.ts';
import { storedImages } from './image-store.ts';

/** Besides what is current: whoever goes back and forth between two versions builds each once. */
const keptBefore = 1;

/** Which of a list, newest first within its kind, are neither current nor kept as the last ones before. */
export function superseded(newestFirst: readonly string[], current: readonly string[], kindOf: (name: string) => string, kept = keptBefore): string[] {
  const seen = new Map<string, number>();
  return newestFirst.filter((name) => {
    if (current.includes(name)) return false;
    const before = seen.get(kindOf(name)) ?? 0;
    seen.set(kindOf(name), before + 1);
    return before >= kept;
  });
}

const repositoryOf = (name: string): string => name.split(':')[0] ?? name;

/**
 * Removes images that newer ones of the same repository have replaced; of a repository that no current one is of (another
 * implementation's) nothing is known. One that a container still uses stays: Docker refuses, and that is fine.
 */
export async function pruneImages(docker: Docker, current: readonly string[]): Promise<void> {
  const ours = new Set(current.map(repositoryOf));
  const images = (await storedImages(docker)).filter(({ name }) => ours.has(repositoryOf(name))).sort((a, b) => b.created.localeCompare(a.created));
  const old = superseded(images.map(({ name }) => name), current, repositoryOf);
  for (const name of old) await docker.run(['image', 'rm', name], { accept: 'any' });
}

/** The same for folders of built programs; Go's build cache makes building them again quick. */
export async function prunePrograms(current: readonly string[]): Promise<void> {
  const names = (await readdir(binDir)).filter((name) => /^(node|tools|wan)-[0-9a-f]{12}$/.test(name));
  const dated = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(binDir, name))).mtimeMs })));
  const newestFirst = dated.sort((a, b) => b.at - a.at).map(({ name }) => name);
  // Several groups are built from the module "node", and the last ones before are as many.
  const old = superseded(newestFirst, current.map((folder) => basename(folder)), (name) => name.split('-')[0] ?? name, keptBefore * current.length);
  for (const name of old) {
    if (name.startsWith('node-')) await rm(join(binDir, name), { recursive: true, force: true });
  }
}
