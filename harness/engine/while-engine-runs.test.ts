import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../core/wait.ts';
import { whileEngineRuns } from './while-engine-runs.ts';

interface Engine {
  readonly host: string;
  readonly held: Set<Socket>;
  /** How many connections there have been. */
  readonly taken: () => number;
  /** As a SIGKILL ends it: nobody listens, and every connection is closed. */
  kill(): Promise<void>;
}

async function withEngine(work: (engine: Engine) => Promise<void>): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-engine-'));
  const path = join(folder.path, 'docker.sock');
  const held = new Set<Socket>();
  let taken = 0;
  const server: Server = createServer((socket) => {
    taken += 1;
    held.add(socket.resume().on('close', () => held.delete(socket)).on('error', () => {}));
  });
  server.listen(path);
  await once(server, 'listening');
  const kill = async (): Promise<void> => {
    server.close();
    for (const socket of held) socket.destroy();
  };
  await work({ host: `unix://${path}`, held, taken: () => taken, kill }).finally(kill);
}

const never = async (signal: AbortSignal): Promise<never> => await new Promise((_, reject) => { signal.addEventListener('abort', () => reject(signal.reason as Error)); });
/** @param after each time it is asked whether it runs there is another connection, which ends at once */
const isHeld = async ({ held, taken }: Engine, after = 2, count = 1): Promise<void> => {
  await waitFor('a connection', async () => (taken() >= after && held.size === count ? { done: undefined } : { missing: `of ${taken()} there are ${held.size}` }), { timeoutMs: 5_000, everyMs: 5 });
};

test('what waits for something else ends when the engine goes, and says so', { timeout: 10_000 }, async () => {
  await withEngine(async (engine) => {
    const work = assert.rejects(whileEngineRuns(engine, new AbortController().signal, never), { code: 'ENGINE_GONE' });
    await isHeld(engine);
    await engine.kill();
    await work;
    await assert.rejects(whileEngineRuns(engine, new AbortController().signal, async () => 'not begun'), { code: 'ENGINE_GONE' });
  });
});

test('what fails as the engine is gone says so, whatever it failed with; what had its result has it', { timeout: 10_000 }, async () => {
  await withEngine(async (engine) => {
    await assert.rejects(whileEngineRuns(engine, new AbortController().signal, async () => {
      await engine.kill();
      throw new Error('connection refused');
    }), { code: 'ENGINE_GONE' });
  });
  await withEngine(async (engine) => {
    assert.equal(await whileEngineRuns(engine, new AbortController().signal, async () => {
      await engine.kill();
      return 'done';
    }), 'done');
  });
});

test('an engine that ends the connection and lives is not gone, and is held again; nothing is held afterwards', { timeout: 10_000 }, async () => {
  await withEngine(async (engine) => {
    await whileEngineRuns(engine, new AbortController().signal, async (signal) => {
      await isHeld(engine);
      for (const socket of engine.held) socket.destroy();
      await isHeld(engine, 4);
      await sleep(20);
      assert.equal(signal.aborted, false);
    });
    await isHeld(engine, 4, 0);
  });
});

test('an interruption is passed on, and what work throws by itself is its own', { timeout: 10_000 }, async () => {
  await withEngine(async (engine) => {
    const interrupt = new AbortController();
    const work = assert.rejects(whileEngineRuns(engine, interrupt.signal, never), /Ctrl-C/);
    await isHeld(engine);
    interrupt.abort(new Error('Ctrl-C'));
    await work;
    await assert.rejects(whileEngineRuns(engine, new AbortController().signal, async () => { throw new Error('its own'); }), /its own/);
    assert.equal(await whileEngineRuns({ host: 'tcp://192.0.2.1:2376' }, new AbortController().signal, async () => 'elsewhere'), 'elsewhere');
  });
});
