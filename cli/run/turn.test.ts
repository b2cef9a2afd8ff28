import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createProgress } from '../../core/progress.ts';
import { takeTurn } from './turn.ts';

const own = (what: string): { name: string; everyMs: number } => ({ name: `turn-${what}-${process.pid}`, everyMs: 20 });

function watched(signal = AbortSignal.timeout(20_000)): { io: Parameters<typeof takeTurn>[0]; said: string[] } {
  const said: string[] = [];
  return { io: { progress: createProgress({ write: (text) => void said.push(text) }, { beatMs: 30 }), signal }, said };
}

test('the second of two runs waits for the first, and says for whom', async () => {
  const first = await takeTurn(watched().io, own('two'));
  const { io, said } = watched();
  let taken = false;
  const second = takeTurn(io, own('two')).then((turn) => { taken = true; return turn; });
  while (!said.join('').includes(`process ${process.pid}`)) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(taken, false);
  await first[Symbol.asyncDispose]();
  await (await second)[Symbol.asyncDispose]();
  assert.match(said.join(''), /Waiting for another run on this machine/);
});

test('who is alone waits for nobody, and says nothing', async () => {
  const { io, said } = watched();
  await using _ = await takeTurn(io, own('alone'));
  assert.deepEqual(said, []);
});

test('one that is killed gives its turn up', async () => {
  const { name } = own('killed');
  const lock = fileURLToPath(new URL('../../core/lock.ts', import.meta.url));
  const child = spawn(process.execPath, ['--input-type=module', '--eval', `const { tryLock } = await import(${JSON.stringify(lock)}); await tryLock(${JSON.stringify(name)}); process.stdout.write('has it'); setInterval(() => {}, 1000);`], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const waiting = takeTurn(watched().io, own('killed'));
  child.kill('SIGKILL');
  await (await waiting)[Symbol.asyncDispose]();
});

test('who is interrupted waits no longer, and who waits for too long is told for whom', async () => {
  await using _ = await takeTurn(watched().io, own('held'));
  await assert.rejects(takeTurn(watched(AbortSignal.timeout(50)).io, own('held')), { name: 'TimeoutError' });
  await assert.rejects(takeTurn(watched().io, { ...own('held'), timeoutMs: 60 }), { code: 'MACHINE_BUSY', message: new RegExp(`process ${process.pid}`) });
});
