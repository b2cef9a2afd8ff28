import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { CannotTellError, UsageError } from '../../core/errors.ts';
import { exec, ExecError } from '../../core/exec.ts';
import { binDir } from '../../core/paths.ts';
import type { Progress } from '../../core/progress.ts';
import { sha256OfFile } from '../../core/sha256.ts';
import type { Docker } from '../docker/docker.ts';
import { architecture } from './image-archive.ts';
import { workFolder } from './work-folder.ts';

/** In the archive: what is in it, the images as `docker save` writes them, and folders of programs by their own names. */
const manifestFile = 'edgeproof.json';
const imagesFile = 'images.tar';
const folderName = /^[a-z]+-[0-9a-f]{12}(-[a-z]+)?$/;
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const manifestSchema = z.strictObject({
  /** Of this form of file. */
  version: z.literal(1),
  /** Docker's name for it: `amd64`. */
  architecture: z.string(),
  /** Names with their tags, which follow from the content of their recipes. */
  images: z.array(z.string()),
  imagesSha256: sha256,
  /** SHA-256 of each program, by folder and name. */
  programs: z.record(z.string().regex(folderName), z.record(z.string().regex(/^[\w.-]+$/), sha256)),
});

export type TransferManifest = z.infer<typeof manifestSchema>;

interface Context {
  readonly docker: Docker;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Default: edgeproof's own. */
  readonly programsIn?: string;
}

/** Gigabytes, on a slow disk. */
const longMs = 20 * 60_000;

/**
 * Writes images and programs into one file, for a machine without a network. A file of that name is replaced when the new one is whole, not before.
 *
 * @param file compressed when it ends in .gz or .tgz
 * @param programs folders of programs
 * @throws ExecError; a system error when the file cannot be written
 */
export async function exportImages(file: string, { images, programs }: { readonly images: readonly string[]; readonly programs: readonly string[] }, { docker, progress, signal }: Context): Promise<TransferManifest> {
  await using work = await workFolder('export');
  const saved = join(work.path, imagesFile);
  await progress.step('Saving images', async () => await docker.run(['save', '--output', saved, ...images], { timeoutMs: longMs, signal }));
  return await progress.step(`Writing ${basename(file)}`, async (step) => {
    const manifest: TransferManifest = {
      version: 1, architecture, images: [...images], imagesSha256: await sha256OfFile(saved, signal),
      programs: Object.fromEntries(await Promise.all(programs.map(async (folder) => [basename(folder), await digestsOf(folder, signal)] as const))),
    };
    await writeFile(join(work.path, manifestFile), `${JSON.stringify(manifest, null, 2)}\n`);
    const partial = `${file}.partial`;
    try {
      const folders = programs.flatMap((folder) => ['--directory', join(folder, '..'), basename(folder)]);
      const compress = /\.t?gz$/.test(file) ? ['--use-compress-program', 'gzip -1'] : [];
      await exec(['tar', '--create', '--file', partial, ...compress, '--owner=0', '--group=0', '--numeric-owner', '--directory', work.path, manifestFile, imagesFile, ...folders], { timeoutMs: longMs, signal });
      await rename(partial, file);
    } finally {
      await rm(partial, { force: true });
    }
    step.result(`${Math.round((await stat(file)).size / 1e6)} MB`);
    return manifest;
  });
}

/**
 * Takes images and programs from such a file. All of it is checked before any of it is used.
 *
 * @throws UsageError for a file that is none of these, is damaged, or is for another architecture; ExecError
 */
export async function importImages(file: string, { docker, progress, signal, programsIn = binDir }: Context): Promise<TransferManifest> {
  await using work = await workFolder('import');
  const manifest = await progress.step(`Reading ${basename(file)}`, async () => {
    await exec(['tar', '--extract', '--file', file, '--no-same-owner', '--directory', work.path], { timeoutMs: longMs, signal }).catch((cause: unknown) => {
      signal.throwIfAborted();
      if (!(cause instanceof ExecError)) throw cause;
      if (/No space left on device/.test(cause.stderr)) throw new CannotTellError('DISK_FULL', `there is no room to unpack ${file} below ${work.path}`, { cause, next: 'make room there, or set EDGEPROOF_HOME to a folder on a larger disk' });
      throw notOne(file, 'it cannot be unpacked', cause);
    });
    return await checked(file, work.path, signal);
  });
  await mkdir(programsIn, { recursive: true, mode: 0o700 });
  await progress.step('Loading images', async () => await docker.run(['load', '--quiet', '--input', join(work.path, imagesFile)], { timeoutMs: longMs, signal }));
  for (const folder of Object.keys(manifest.programs)) {
    // What is there is whole and the same: its name follows from what it was built from.
    await rename(join(work.path, folder), join(programsIn, folder)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw new CannotTellError('PROGRAMS_NOT_KEPT', `${folder} cannot be put into ${programsIn}`, { cause: error, next: 'see that you may write there, and import again: what is there already is left alone' });
    });
  }
  return manifest;
}

async function checked(file: string, folder: string, signal: AbortSignal): Promise<TransferManifest> {
  const text = await readFile(join(folder, manifestFile), 'utf8').catch((cause: unknown) => { throw notOne(file, `it has no ${manifestFile}`, cause); });
  let manifest: TransferManifest;
  try {
    manifest = manifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw notOne(file, `its ${manifestFile} is not one that this edgeproof reads`, cause);
  }
  if (manifest.architecture !== architecture) throw new UsageError(`${file} is for ${manifest.architecture}, and this machine is ${architecture}`, { next: 'export on a machine like this one' });
  const there = { images: await sha256OfFile(join(folder, imagesFile), signal).catch(() => undefined), programs: {} as Record<string, Record<string, string>> };
  for (const name of Object.keys(manifest.programs)) there.programs[name] = await digestsOf(join(folder, name), signal).catch(() => ({}));
  if (there.images !== manifest.imagesSha256) throw notOne(file, 'its images are damaged');
  for (const [name, programs] of Object.entries(manifest.programs)) {
    const wrong = Object.keys({ ...programs, ...there.programs[name] }).filter((program) => programs[program] !== there.programs[name]?.[program]);
    if (wrong.length > 0) throw notOne(file, `${wrong.map((program) => `${name}/${program}`).join(', ')} ${wrong.length === 1 ? 'is' : 'are'} damaged`);
  }
  return manifest;
}

async function digestsOf(folder: string, signal: AbortSignal): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const digests: Record<string, string> = {};
  for (const name of names) digests[name] = await sha256OfFile(join(folder, name), signal);
  return digests;
}

const notOne = (file: string, why: string, cause?: unknown): UsageError =>
  new UsageError(`${file} is no whole export of images: ${why}`, { cause, next: 'make it anew where there is a network: edgeproof images export FILE' });
