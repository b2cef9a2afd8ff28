import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { repositoryRoot } from '../core/paths.ts';
import { choices, suggest } from '../core/suggest.ts';
import type { Implementation } from '../harness/implementation.ts';

const folder = join(repositoryRoot, 'implementations');

/** Names of the implementation folders. */
export async function implementationNames(): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
}

/** @throws UsageError for a name that has no folder */
export async function loadImplementation(name: string): Promise<Implementation> {
  const names = await implementationNames();
  if (!names.includes(name)) {
    const near = suggest(name, names);
    throw new UsageError(`there is no implementation ${name}`, { next: near === undefined ? `choose ${choices(names)}` : `did you mean ${near}?` });
  }
  const module = (await import(join(folder, name, 'implementation.ts'))) as { implementation: Implementation };
  return module.implementation;
}
