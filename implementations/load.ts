import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { capabilities } from '../core/capabilities.ts';
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

/** What a folder's `implementation.ts` must export. Somebody else may have written it. */
const manifest = z.looseObject({
  name: z.string().min(1),
  description: z.string(),
  version: z.string().min(1),
  claims: z.array(z.enum(capabilities)),
  images: z.function().optional(),
  prepare: z.function().optional(),
  setTunnelTrust: z.function().optional(),
  install: z.function(),
  uninstall: z.function(),
});

/** @throws UsageError for a name that has no folder, and for a folder whose implementation.ts cannot be used */
export async function loadImplementation(name: string): Promise<Implementation> {
  const names = await implementationNames();
  if (!names.includes(name)) {
    const near = suggest(name, names);
    throw new UsageError(`there is no implementation ${name}`, { next: near === undefined ? `choose ${choices(names)}` : `did you mean ${near}?` });
  }
  return await readImplementation(join(folder, name));
}

/** @internal Reads the implementation of a folder. Throws as `loadImplementation`. */
export async function readImplementation(path: string): Promise<Implementation> {
  const file = join(path, 'implementation.ts');
  const next = `export an implementation named ${basename(path)} there, as implementations/stock/implementation.ts does`;
  const module = (await import(file).catch((cause: unknown) => {
    throw new UsageError(`${file} cannot be loaded`, { cause, next });
  })) as { implementation?: Implementation };
  const { success, error } = manifest.safeParse(module.implementation);
  if (!success) throw new UsageError(`${file} is not an implementation:\n${z.prettifyError(error)}`, { next });
  const { implementation } = module;
  if (implementation === undefined || implementation.name !== basename(path)) throw new UsageError(`${file} is of an implementation named ${implementation?.name}`, { next });
  return implementation;
}
