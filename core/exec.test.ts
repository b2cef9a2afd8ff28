import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exec, ExecError } from './exec.ts';
import { isAlive, parentVariable } from './process.ts';
import { waitFor } from './wait.ts';

const failsWith = (code: string, text: RegExp) => (error: unknown): boolean => {
  assert.ok(error instanceof ExecError);
  assert.equal(error.code, code);
  assert.match(error.message, text);
  return true;
};

const ended = async (pid: number): Promise<void> => await waitFor(`process ${pid} ends`, async () => (isAlive(pid) ? { missing: 'it runs' } : { done: undefined }), { timeoutMs: 5_000, everyMs: 10 });

test('output, exit code, input, folder and environment', async () => {
  const { code, stdout, stderr } = await exec(['sh', '-c', 'cat; pwd; echo "$A $1" >&2; exit 3', 'sh', 'b; c'], { input: 'in\n', cwd: '/', env: { A: 'a' }, accept: [3] });
  assert.deepEqual({ code, stdout, stderr }, { code: 3, stdout: 'in\n/\n', stderr: 'a b; c\n' });
});

test('every line is told as it comes, of both streams', async () => {
  const lines: string[] = [];
  await exec(['sh', '-c', 'echo one; echo two >&2; printf three'], { onLine: (line) => lines.push(line) });
  assert.deepEqual(lines.sort(), ['one', 'three', 'two']);
});

test('an exit code that nobody expected is an error with the end of stderr', async () => {
  await assert.rejects(exec(['sh', '-c', 'echo why >&2; exit 4']), failsWith('EXEC_FAILED', /exit 4\nwhy$/));
  assert.equal((await exec(['sh', '-c', 'exit 4'], { accept: 'any' })).code, 4);
  // A program that was killed has no exit code: that is never 0.
  await assert.rejects(exec(['sh', '-c', 'kill -9 $$']), failsWith('EXEC_FAILED', /exit 128/));
});

test('a program that is not there, and arguments that no program can be given', async () => {
  await assert.rejects(exec(['edgeproof-no-such-program']), failsWith('EXEC_NOT_FOUND', /^edgeproof-no-such-program: no such program$/));
  await assert.rejects(exec(['true', 'x'.repeat(4_000_000)]), failsWith('EXEC_FAILED', /could not be started/));
});

test('a program that does not want its input is judged by its exit code alone', async () => {
  assert.equal((await exec(['true'], { input: 'x'.repeat(1_000_000) })).code, 0);
});

test('the time-out ends what the program started, too', async () => {
  let pid = 0;
  const run = exec(['sh', '-c', 'sleep 30 & echo $!; wait'], { timeoutMs: 300, onLine: (line) => { pid = Number(line); } });
  await assert.rejects(run, failsWith('EXEC_TIMEOUT', /still running after 0\.3 s/));
  await ended(pid);
});

test('an abort ends what the program started, too; after one nothing is started', async () => {
  const abort = new AbortController();
  let pid = 0;
  const run = exec(['sh', '-c', 'sleep 30 & echo $!; wait'], { signal: abort.signal, onLine: (line) => { pid = Number(line); abort.abort(); } });
  await assert.rejects(run, failsWith('EXEC_ABORTED', /aborted/));
  await ended(pid);
  await assert.rejects(exec(['true'], { signal: abort.signal }), failsWith('EXEC_ABORTED', /not started/));
});

test('told to drain, an abort ends the program and waits for what it had started', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edgeproof-exec-'));
  const file = join(folder, 'written');
  try {
    const abort = new AbortController();
    // What kind does: a program whose output it reads by itself.
    const script = '(sleep 0.3; echo done > "$1") >/dev/null 2>&1 & echo started; exec sleep 30';
    const startedAt = performance.now();
    const run = exec(['sh', '-c', script, 'sh', file], { signal: abort.signal, onAbort: 'drain', onLine: () => abort.abort() });
    await assert.rejects(run, failsWith('EXEC_ABORTED', /aborted/));
    assert.equal(await readFile(file, 'utf8'), 'done\n');
    assert.ok(performance.now() - startedAt < 20_000);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a program carries the id of this process, unless told otherwise, and finds what lies in /usr/sbin', async () => {
  const read = ['sh', '-c', `echo "$${parentVariable}:$PATH"`] as const;
  const { stdout } = await exec(read);
  assert.match(stdout, new RegExp(`^${process.pid}:.*/usr/sbin`));
  assert.match((await exec(read, { env: { [parentVariable]: undefined } })).stdout, /^:/);
});
