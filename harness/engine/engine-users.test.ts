import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { joinUsers, leaveUsers, otherUsers } from './engine-users.ts';

test('only others that live count as users', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edgeproof-users-'));
  const other = spawn('sleep', ['20'], { stdio: 'ignore' });
  try {
    assert.deepEqual(await otherUsers(folder), []);
    await joinUsers(folder);
    await joinUsers(folder);
    assert.deepEqual(await otherUsers(folder), []);
    await writeFile(join(folder, 'users', String(other.pid)), '');
    assert.deepEqual(await otherUsers(folder), [other.pid]);
    other.kill('SIGKILL');
    await once(other, 'exit');
    assert.deepEqual(await otherUsers(folder), []);
    await leaveUsers(folder);
    await leaveUsers(folder);
  } finally {
    other.kill('SIGKILL');
    await rm(folder, { recursive: true });
  }
});
