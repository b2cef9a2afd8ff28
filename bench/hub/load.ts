import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec } from '../../core/exec.ts';
import type { Step } from '../../core/progress.ts';
import { processFile } from '../child.ts';
import type { CacheJob, Loaded } from '../processes/hub-cache.ts';

export interface CacheOptions {
  readonly rounds: number;
  readonly pods: number;
  readonly slices: number;
  /** What the hub's Node is started with. */
  readonly flags: readonly string[];
  readonly signal: AbortSignal;
}

export interface CacheLoad extends Loaded {
  readonly round: number;
  /** The files were on the disk alone, as after a boot; or in the kernel's memory, as after a restart of the hub. */
  readonly files: 'on disk' | 'in memory';
  /** The whole life of the process, from its start. Milliseconds. */
  readonly processMs: number;
}

/** Reads, each time in a process of its own, the files that the hub's own store has written. No cluster has a part in it. */
export async function measureLoads({ rounds, pods, slices, flags, signal }: CacheOptions, step: Step): Promise<CacheLoad[]> {
  const folder = await mkdtemp(join(tmpdir(), 'edgeproof-bench-'));
  try {
    const cache = join(folder, 'cache');
    const program = await processFile('hub-cache');
    const run = async (what: CacheJob['what']): Promise<string> => (await exec([process.execPath, ...flags, program, JSON.stringify({ what, folder: cache, pods, slices } satisfies CacheJob)], { timeoutMs: 120_000, signal })).stdout;
    step.detail('filling a cache');
    await run('fill');
    const loads: CacheLoad[] = [];
    for (let round = 1; round <= rounds; round++) for (const files of ['on disk', 'in memory'] as const) {
      step.detail(`round ${round} of ${rounds}, files ${files}`);
      if (files === 'on disk') await forget(cache, signal);
      const startedAt = performance.now();
      const loaded = JSON.parse(await run('load')) as Loaded;
      loads.push({ round, files, processMs: performance.now() - startedAt, ...loaded });
    }
    return loads;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Has the kernel forget what it holds of a folder's files (dd(1): `nocache` of a whole file, after its pages are on the disk). */
async function forget(folder: string, signal: AbortSignal): Promise<void> {
  await exec(['sync', '--file-system', folder], { signal });
  for (const file of await readdir(folder, { withFileTypes: true })) {
    if (file.isFile()) await exec(['dd', `if=${join(folder, file.name)}`, 'iflag=nocache', 'count=0', 'status=none'], { signal });
  }
}
