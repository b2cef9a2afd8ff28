import { existsSync } from 'node:fs';
import { cpus, release, totalmem, type as systemName } from 'node:os';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { exec } from '../../core/exec.ts';
import { repositoryRoot } from '../../core/paths.ts';
import type { Engine } from '../../harness/docker/docker.ts';

/** The machine that a run's figures belong to. */
export function hostFacts(engine?: Engine): Record<string, string | number> {
  return {
    cpus: cpus().length,
    cpuModel: cpus()[0]?.model ?? 'unknown',
    memoryBytes: totalmem(),
    kernel: `${systemName()} ${release()}`,
    cgroup: existsSync('/sys/fs/cgroup/cgroup.controllers') ? 'v2' : 'v1',
    node: process.version,
    ...(engine && { engine: `Docker ${engine.version}${engine.private ? " (edgeproof's own)" : ''}` }),
  };
}

/** This edgeproof: its version, and its commit when it runs from a checkout. */
export async function edgeproofFacts(): Promise<{ version: string; commit?: string }> {
  const { version } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as { version: string };
  const git = await exec(['git', '-C', repositoryRoot, 'describe', '--always', '--dirty', '--abbrev=12'], { accept: 'any' }).catch(() => undefined);
  return { version, ...(git?.code === 0 && { commit: git.stdout.trim() }) };
}
