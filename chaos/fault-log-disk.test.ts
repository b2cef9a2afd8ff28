import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exitCodeOf } from '../core/errors.ts';
import { exec } from '../core/exec.ts';
import { FaultLog } from './fault-log.ts';

/** A disk of 1 MB, until the end of `work`. */
async function withDisk(work: (path: string) => Promise<void>): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'edgeproof-disk-'));
  try {
    await exec(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'edgeproof-test', path]);
    try {
      await work(path);
    } finally {
      await exec(['umount', '--lazy', path]);
    }
  } finally {
    rmSync(path, { recursive: true });
  }
}

const able = process.platform === 'linux' && process.getuid?.() === 0 && (await withDisk(async () => {}).then(() => true, () => false));

test('on a full disk a fault is not begun, and what is on record stays whole, to be healed', { skip: able ? false : 'needs root that may mount' }, async () => {
  await withDisk(async (path) => {
    const folder = join(path, 'clusters');
    mkdirSync(folder);
    const log = new FaultLog(join(folder, 'faults.json'));
    await log.put({ id: 'a', kind: 'wan-down', target: 'site east', startedAt: new Date(1).toISOString() });
    const { bavail, bsize } = statfsSync(path);
    writeFileSync(join(path, 'ballast'), Buffer.alloc(bavail * bsize));
    await assert.rejects(log.put({ id: 'b', kind: 'wan-down', target: 'site west', startedAt: new Date(2).toISOString() }), (error) => exitCodeOf(error) === 2 && /ENOSPC/.test(String(error)));
    assert.deepEqual((await new FaultLog(join(folder, 'faults.json')).active()).map(({ id }) => id), ['a']);
    unlinkSync(join(path, 'ballast'));
    await log.put({ id: 'b', kind: 'wan-down', target: 'site west', startedAt: new Date(2).toISOString() });
    assert.deepEqual((await log.active()).map(({ id }) => id), ['a', 'b']);
  });
});
