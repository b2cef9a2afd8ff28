import { access, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '../../core/exec.ts';
import { binDir, repositoryRoot } from '../../core/paths.ts';
import type { Progress } from '../../core/progress.ts';
import type { ProgramGroup } from '../../images/programs.ts';
import { contentTag } from './content-tag.ts';
import { ensureGo } from './go-toolchain.ts';
import { workFolder } from './work-folder.ts';

/** How long one program may take to build from nothing on two slow cores. */
const buildTimeoutMs = 40 * 60_000;

const moduleFolder = (group: ProgramGroup): string => join(repositoryRoot, 'images', 'go', group.module);

/** The folder of a group's binaries: named after the module's content and what is built from it. */
export async function programsFolder(group: ProgramGroup): Promise<string> {
  const words = [process.arch, JSON.stringify(group.programs), JSON.stringify(group.variables ?? {})];
  return join(binDir, `${group.module}-${await contentTag({ words, paths: [moduleFolder(group)] })}`);
}

const exists = async (path: string): Promise<boolean> => await access(path).then(() => true, () => false);

/**
 * Builds a group's programs, unless they were built from the same content before.
 *
 * @returns the folder with one static binary per program
 */
export async function buildPrograms(group: ProgramGroup, progress: Progress, signal?: AbortSignal): Promise<string> {
  const folder = await programsFolder(group);
  if (await exists(folder)) return folder;
  const go = await ensureGo(progress, signal);
  // Built beside its place and then renamed: a folder that is there is whole, also after a SIGKILL.
  await using work = await workFolder('programs', binDir);
  const output = join(work.path, 'out');
  await mkdir(output);
  for (const [name, source] of Object.entries(group.programs)) {
    await progress.step(`Building ${name}`, async (step) => {
      await buildOne({ go, cwd: moduleFolder(group), source, output: join(output, name), variables: group.variables ?? {}, detail: step.detail, ...(signal && { signal }) });
    });
  }
  await rename(output, folder).catch(async (error: unknown) => {
    if (!(await exists(folder))) throw error; // else another run was faster with the same content
  });
  return folder;
}

interface Build {
  readonly go: string;
  readonly cwd: string;
  readonly source: string;
  readonly output: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly detail: (text: string) => void;
  readonly signal?: AbortSignal;
}

async function buildOne(build: Build): Promise<void> {
  const variables = Object.entries(build.variables).map(([name, value]) => `-X ${name}=${value}`);
  let packages = 0;
  const onLine = (line: string): void => {
    // `go build -v` prints each package as it is compiled; "go: downloading" lines come first.
    build.detail(line.startsWith('go:') ? line : `package ${++packages}: ${line}`);
  };
  await exec([build.go, 'build', '-v', '-trimpath', '-mod=readonly', '-ldflags', ['-s', '-w', ...variables].join(' '), '-o', build.output, build.source], {
    cwd: build.cwd,
    // GOGC: the compiler trades memory for time (Kubernetes 13.1 instead of 15.5 minutes). Host settings must not leak in.
    env: { CGO_ENABLED: '0', GOGC: '400', GOFLAGS: '', GOWORK: 'off', GOTOOLCHAIN: 'local' },
    timeoutMs: buildTimeoutMs,
    onLine,
    ...(build.signal && { signal: build.signal }),
  });
}
