import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockFile } from './lock.ts';

const holder = `
import { lockFile } from ${JSON.stringify(new URL('lock.ts', import.meta.url).pathname)};
const lock = lockFile(process.argv[1], 10_000);
process.stdout.write('held');
setInterval(() => {}, 1000);
`;

test('a lock keeps others out until it is let go', () => {
  using folder = new Temporary();
  const first = lockFile(folder.lock, 0);
  const began = performance.now();
  assert.throws(() => lockFile(folder.lock, 60), { code: 'LOCKED' });
  assert.ok(performance.now() - began >= 60);
  first[Symbol.dispose]();
  lockFile(folder.lock, 0)[Symbol.dispose]();
  assert.equal(statSync(folder.lock).mode & 0o777, 0o600);
  assert.equal(statSync(folder.lock).size, 0);
});

test('who is killed holds it no longer', async () => {
  using folder = new Temporary();
  const child = spawn(process.execPath, ['--input-type=module', '-e', holder, folder.lock], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  await once(child.stdout, 'data');
  assert.throws(() => lockFile(folder.lock, 20), { code: 'LOCKED' });
  child.kill('SIGKILL');
  await exit;
  lockFile(folder.lock, 1000)[Symbol.dispose]();
});

test('a file with anything in it locks like an empty one', () => {
  using folder = new Temporary();
  writeFileSync(folder.lock, 'x'.repeat(8192));
  using _held = lockFile(folder.lock, 1000);
  assert.throws(() => lockFile(folder.lock, 20), { code: 'LOCKED' });
});

class Temporary implements Disposable {
  readonly #path = mkdtempSync(join(tmpdir(), 'edge-lock-'));
  readonly lock = join(this.#path, 'lock');

  [Symbol.dispose](): void {
    rmSync(this.#path, { recursive: true });
  }
}
