import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { nodeFlags } from './node-flags.ts';

// V8 drops flags of its own without a word before, and Node then refuses to start.
test('Node still takes the flags that it is started with', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeFlags, '--eval', 'console.log("started")'], { encoding: 'utf8' });
  assert.deepEqual([status, stdout, stderr], [0, 'started\n', '']);
});
