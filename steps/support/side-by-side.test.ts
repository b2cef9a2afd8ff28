import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exec } from '../../core/exec.ts';
import { runsSideBySide } from './side-by-side.ts';
import plugin from './side-by-side-first.ts';

test('a scenario of the tunnel runs side by side on plain Kubernetes, where it ends before it breaks anything', () => {
  assert.equal(runsSideBySide(['@tunnel', '@tunnel-ghost', '@stock:EXEC_UNREACHABLE'], true), true);
  assert.equal(runsSideBySide(['@tunnel', '@tunnel-ghost', '@stock:EXEC_UNREACHABLE'], false), false);
  assert.equal(runsSideBySide(['@tunnel', '@tunnel-cloud-egress', '@baseline'], true), false);
  assert.equal(runsSideBySide(['@autonomy', '@autonomy-power-cut', '@stock:POD_NOT_RUNNING'], true), false);
  assert.equal(runsSideBySide(['@lifecycle', '@baseline', '@side-by-side'], false), true);
});

test('what runs side by side comes first, and otherwise the order stays', () => {
  const pickles = ['a', 'b @side-by-side', 'c', 'd @side-by-side'].map((text) => ({ pickle: { name: text[0], tags: text.split(' ').slice(1).map((name) => ({ name })) } }));
  let ordered: unknown[] = [];
  plugin.coordinator({ transform: (_, transformer) => void (ordered = transformer(pickles)) });
  assert.deepEqual(ordered.map((one) => (one as (typeof pickles)[number]).pickle.name), ['b', 'd', 'a', 'c']);
});

test('a scenario in a worker thread hears of the signal that only the main thread gets', async () => {
  const session = new URL('session.ts', import.meta.url).href;
  // The program ends only by what the worker says; a worker that hears nothing runs into the deadline.
  const worker = `const { interruption } = await import(${JSON.stringify(session)}); const { parentPort } = await import('node:worker_threads'); parentPort.postMessage('ready'); interruption.signal.addEventListener('abort', () => { parentPort.postMessage(interruption.signal.reason.message); parentPort.close(); }); parentPort.on('message', () => {});`;
  const program = `await import(${JSON.stringify(session)}); const { Worker } = await import('node:worker_threads');
    const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(worker)})));
    worker.on('message', (message) => { if (message === 'ready') process.kill(process.pid, 'SIGINT'); else console.log(message); });`;
  const { stdout } = await exec([process.execPath, '--input-type=module', '--eval', program], { timeoutMs: 30_000 });
  assert.equal(stdout.trim(), 'the run was interrupted (SIGINT)');
});
