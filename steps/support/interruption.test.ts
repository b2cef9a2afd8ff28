import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodes } from '../../core/errors.ts';
import { exec } from '../../core/exec.ts';

const interruption = new URL('interruption.ts', import.meta.url).href;

test('a scenario in a worker thread hears of the signal that only the main thread gets', async () => {
  // The program ends only by what the worker says; a worker that hears nothing runs into the deadline.
  const worker = `const { interruption } = await import(${JSON.stringify(interruption)}); const { parentPort } = await import('node:worker_threads'); parentPort.postMessage('ready'); interruption.signal.addEventListener('abort', () => { parentPort.postMessage(interruption.signal.reason.message); parentPort.close(); }); parentPort.on('message', () => {});`;
  const program = `await import(${JSON.stringify(interruption)}); const { Worker } = await import('node:worker_threads');
    const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(worker)})));
    worker.on('message', (message) => { if (message === 'ready') process.kill(process.pid, 'SIGINT'); else console.log(message); });`;
  const { stdout } = await exec([process.execPath, '--input-type=module', '--eval', program], { timeoutMs: 30_000, accept: 'any' });
  assert.equal(stdout.trim(), 'the run was interrupted (SIGINT)');
});

test('a worker that starts after the signal hears of it too', async () => {
  const worker = `const { interruption } = await import(${JSON.stringify(interruption)}); const { parentPort } = await import('node:worker_threads'); interruption.signal.addEventListener('abort', () => { parentPort.postMessage(interruption.signal.reason.message); parentPort.close(); }); parentPort.on('message', () => {});`;
  const program = `const { interruption } = await import(${JSON.stringify(interruption)}); const { Worker } = await import('node:worker_threads');
    interruption.signal.addEventListener('abort', () => setTimeout(() => new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(worker)}))).on('message', (message) => console.log(message)), 10));
    process.kill(process.pid, 'SIGINT'); setTimeout(() => {}, 100);`;
  const { stdout } = await exec([process.execPath, '--input-type=module', '--eval', program], { timeoutMs: 30_000, accept: 'any' });
  assert.equal(stdout.trim(), 'the run was interrupted (SIGINT)');
});

test('a Cucumber that was told to stop does not end as one whose scenarios passed', async () => {
  const program = (then: string): string => `await import(${JSON.stringify(interruption)}); process.on('SIGTERM', () => { ${then} }); process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 100);`;
  for (const then of ['process.exitCode = 0;', 'process.exit(0);', 'process.exit(1);']) {
    const { code } = await exec([process.execPath, '--input-type=module', '--eval', program(then)], { timeoutMs: 30_000, accept: 'any' });
    assert.equal(code, exitCodes.cannotTell, then);
  }
});
