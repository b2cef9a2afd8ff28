import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { hubEnvironment, hubFlags } from './node-flags.ts';

// V8 drops flags of its own without a word before, and Node then refuses to start.
test('Node still takes the flags that the hub is started with', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...hubFlags, '--eval', 'console.log("started")'], { encoding: 'utf8', env: hubEnvironment });
  assert.deepEqual([status, stdout, stderr], [0, 'started\n', '']);
});
