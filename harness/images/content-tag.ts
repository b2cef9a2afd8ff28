import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Characters of a tag: 48 bits, more than enough to tell a few dozen recipes apart. */
const tagLength = 12;

/**
 * A name for the content of a recipe: the same files (paths, modes, bytes) and words give the same tag on every
 * machine, any change another.
 *
 * @param inputs words as they are; files and folders by absolute path
 */
export async function contentTag(inputs: { readonly words?: readonly string[]; readonly paths?: readonly string[] }): Promise<string> {
  const hash = createHash('sha256');
  for (const word of inputs.words ?? []) hash.update(`word ${word.length} ${word}\n`);
  for (const path of inputs.paths ?? []) {
    for (const file of await filesBelow(path)) {
      const facts = await lstat(file);
      const content = facts.isSymbolicLink() ? Buffer.from(await readlink(file)) : await readFile(file);
      hash.update(`file ${relative(path, file)} ${(facts.mode & 0o111) !== 0 ? 'x' : '-'} ${content.length}\n`);
      hash.update(content);
    }
  }
  return hash.digest('hex').slice(0, tagLength);
}

async function filesBelow(path: string): Promise<string[]> {
  if (!(await lstat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).sort();
  return (await Promise.all(names.map(async (name) => await filesBelow(join(path, name))))).flat();
}
