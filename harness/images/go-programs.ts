import { access, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { binDir } from '../../core/paths.ts';
import type { Progress } from '../../core/progress.ts';
import { together } from '../../core/together.ts';
import type { ProgramGroup } from '../../images/programs.ts';
import { contentTag } from './content-tag.ts';
import { builtName, goBuild, goDownload, moduleFolder } from './go-build.ts';
import { ensureGo } from './go-toolchain.ts';
import { workFolder } from './work-folder.ts';

/** The folder of a group's binaries: named after the module's content and what is built from it. */
export async function programsFolder(group: ProgramGroup): Promise<string> {
  const words = [process.arch, JSON.stringify(group.programs), JSON.stringify(group.variables ?? {})];
  return join(binDir, `${group.module}-${await contentTag({ words, paths: [moduleFolder(group.module)] })}`);
}

const exists = async (path: string): Promise<boolean> => await access(path).then(() => true, () => false);

/** Builds a group's programs, unless they were built from the same content before. @returns the folder with one static binary per program */
export async function buildPrograms(group: ProgramGroup, progress: Progress, signal?: AbortSignal): Promise<string> {
  const [folder] = await buildGroups([group], progress, signal);
  return folder;
}

interface Missing {
  readonly group: ProgramGroup;
  readonly folder: string;
}

/**
 * Builds the programs of several groups, of those that are missing: module after module in their order, each by one command. What the later
 * ones need is downloaded while the earlier ones are compiled.
 *
 * @returns each group's folder
 */
export async function buildGroups<const T extends readonly ProgramGroup[]>(groups: T, progress: Progress, signal?: AbortSignal): Promise<{ -readonly [I in keyof T]: string }> {
  const all = await Promise.all(groups.map(async (group) => ({ group, folder: await programsFolder(group) })));
  const there = await Promise.all(all.map(async ({ folder }) => await exists(folder)));
  const modules = [...Map.groupBy(all.filter((_, i) => !there[i]), ({ group }) => group.module)];
  if (modules.length > 0) {
    const go = await ensureGo(progress, signal);
    await together([
      async (either) => {
        for (const [module, missing] of modules) await build({ go, module, signal: either }, missing, progress);
      },
      async (either) => {
        for (const [module, missing] of modules.slice(1)) await goDownload(sourcesOf(missing), { go, module, onLine: () => {}, signal: either });
      },
    ], signal);
  }
  return all.map(({ folder }) => folder) as { -readonly [I in keyof T]: string };
}

const sourcesOf = (missing: readonly Missing[]): string[] => missing.flatMap(({ group }) => Object.values(group.programs));

async function build(context: { readonly go: string; readonly module: ProgramGroup['module']; readonly signal: AbortSignal }, missing: readonly Missing[], progress: Progress): Promise<void> {
  await progress.step(`Building ${titleOf(missing)}`, async (step) => {
    // Built beside its place and then renamed: a folder that is there is whole, also after a SIGKILL.
    await using work = await workFolder('programs', binDir);
    const built = join(work.path, 'built');
    await mkdir(built);
    let packages = 0;
    // `go build -v` prints each package as it is compiled; "go: downloading" lines come first.
    const onLine = (line: string): void => step.detail(line.startsWith('go:') ? line : `package ${++packages}: ${line}`);
    await goBuild(sourcesOf(missing), missing[0]?.group.variables ?? {}, built, { ...context, onLine });
    for (const [i, { group, folder }] of missing.entries()) {
      const output = join(work.path, String(i));
      await mkdir(output);
      for (const [name, source] of Object.entries(group.programs)) await rename(join(built, builtName(source)), join(output, name));
      await rename(output, folder).catch(async (error: unknown) => {
        if (!(await exists(folder))) throw error; // else another run was faster with the same content
      });
    }
  });
}

/** As many names as a line takes. */
function titleOf(missing: readonly Missing[]): string {
  const names = missing.flatMap(({ group }) => Object.keys(group.programs));
  return names.length <= 4 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}
