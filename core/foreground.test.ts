import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { followLines, runInForeground } from './foreground.ts';

const { signal } = new AbortController();
const node = (script: string): [string, ...string[]] => [process.execPath, '-e', script];

test('its exit code is told, and of a signal what a shell tells', async () => {
  assert.equal(await runInForeground(node('process.exit(7)'), { signal }), 7);
  assert.equal(await runInForeground(node('process.kill(process.pid, "SIGKILL")'), { signal }), 137);
});

test('an abort ends it', async () => {
  const stop = new AbortController();
  const running = runInForeground(node('setTimeout(() => {}, 60_000)'), { signal: stop.signal });
  await sleep(50);
  stop.abort();
  assert.equal(await running, 143);
});

test('what cannot be started says so', async () => {
  await assert.rejects(runInForeground(['/no/such/program'], { signal }), { code: 'EXEC_NOT_FOUND' });
});

test('lines are handed on as they come, of both its outputs, the last one without an end too', async () => {
  const stop = new AbortController();
  const lines: string[] = [];
  // In an order in which all has been written when the first line of stdout has come.
  const code = followLines(node('console.error("two"); process.stdout.write("one\\nthree"); setTimeout(() => {}, 60_000)'), (line) => {
    lines.push(line);
    if (line === 'one') stop.abort();
  }, { signal: stop.signal });
  assert.equal(await code, 143);
  assert.deepEqual(lines.toSorted(), ['one', 'three', 'two']);
});
