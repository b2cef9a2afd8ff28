import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exec } from '../../core/exec.ts';
import { repositoryRoot } from '../../core/paths.ts';
import { parentVariable } from '../../core/process.ts';
import { added, lookForLeftovers, type Leftovers } from './leftovers.ts';
import { randomBy } from './random.ts';

const nothing: Leftovers = { processes: [], chains: [], mounts: [], links: [], folders: [] };

test('what came is told by its kind; what was there, and what went, is not', () => {
  assert.deepEqual(added({ ...nothing, links: ['br-1', 'br-2'] }, { ...nothing, links: ['br-2', 'veth9'], chains: ['EDGEPROOF-dev'] }), ['chains: EDGEPROOF-dev', 'links: veth9']);
});

test('a program of an edgeproof that is gone is seen, and a cluster that is remembered', async () => {
  const child = spawn('sleep', ['1000'], { env: { ...process.env, [parentVariable]: '4194303' }, stdio: 'ignore' });
  try {
    assert.ok((await lookForLeftovers()).processes.includes('sleep 1000'));
  } finally {
    child.kill('SIGKILL');
  }
  const home = mkdtempSync(join(tmpdir(), 'edgeproof-left-'));
  try {
    await exec(['mkdir', '-p', join(home, 'clusters', 'dev'), join(home, 'work-node-1-x')]);
    const script = `import { lookForLeftovers } from ${JSON.stringify(join(repositoryRoot, 'cli/accidents/leftovers.ts'))}; console.log(JSON.stringify((await lookForLeftovers()).folders));`;
    const { stdout } = await exec([process.execPath, '--input-type=module', '-e', script], { env: { EDGEPROOF_HOME: home } });
    assert.deepEqual(JSON.parse(stdout), ['clusters/dev', 'work-node-1-x']);
  } finally {
    rmSync(home, { recursive: true });
  }
});

test('a seed gives the same moments', () => {
  const [one, two, other] = [randomBy(7), randomBy(7), randomBy(8)];
  const drawn = Array.from({ length: 100 }, () => one());
  assert.deepEqual(drawn, Array.from({ length: 100 }, () => two()));
  assert.notDeepEqual(drawn, Array.from({ length: 100 }, () => other()));
  assert.ok(drawn.every((value) => value >= 0 && value < 1) && Math.max(...drawn) > 0.9 && Math.min(...drawn) < 0.1);
});
