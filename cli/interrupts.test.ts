import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EdgeproofError, exitCodeOf } from '../core/errors.ts';
import { exec } from '../core/exec.ts';
import { repositoryRoot } from '../core/paths.ts';
import { followsFrom, InterruptedError, watchInterrupts } from './interrupts.ts';

interface Watched extends Disposable {
  readonly signals: EventEmitter;
  readonly lines: string[];
  left(): number;
  readonly signal: AbortSignal;
  interrupt(by: string): void;
}

function watch(running: string[] = []): Watched {
  const signals = new EventEmitter();
  const lines: string[] = [];
  let left = 0;
  const interrupts = watchInterrupts({ signals, say: (line) => lines.push(line), running: () => running, leave: () => { left++; } });
  return { signals, lines, left: () => left, signal: interrupts.signal, interrupt: interrupts.interrupt, [Symbol.dispose]: () => interrupts[Symbol.dispose]() };
}

test('the first Ctrl-C aborts, the second says what is being cleaned up, the third leaves', () => {
  using watched = watch(['Removing cluster dev (4 s)']);
  assert.equal(watched.signal.aborted, false);
  watched.signals.emit('SIGINT');
  assert.ok(watched.signal.reason instanceof InterruptedError);
  assert.equal(exitCodeOf(watched.signal.reason), 2);
  assert.match(watched.lines[0]!, /^Interrupted by Ctrl-C \(SIGINT\): cleaning up/);
  watched.signals.emit('SIGINT');
  assert.match(watched.lines[1]!, /^Still cleaning up: Removing cluster dev \(4 s\)\. .*edgeproof down --all/);
  assert.equal(watched.left(), 0);
  watched.signals.emit('SIGINT');
  assert.equal(watched.left(), 1);
});

test('after the death of the launcher or a crash, a single Ctrl-C does not leave yet', () => {
  using watched = watch();
  watched.interrupt('the end of its launcher');
  watched.interrupt('a crash');
  assert.match(watched.signal.reason.message, /the end of its launcher/);
  watched.signals.emit('SIGTERM');
  watched.signals.emit('SIGTERM');
  assert.equal(watched.left(), 0);
  watched.signals.emit('SIGTERM');
  assert.equal(watched.left(), 1);
});

test('what only watches is left without a word: that is no failure', async () => {
  const signals = new EventEmitter();
  const lines: string[] = [];
  let left = 0;
  using interrupts = watchInterrupts({ signals, say: (line) => lines.push(line), running: () => [], leave: () => { left++; } });
  interrupts.watchOnly();
  assert.equal(interrupts.wasLeft, false);
  signals.emit('SIGINT');
  assert.deepEqual([interrupts.signal.aborted, interrupts.wasLeft, left], [true, true, 0]);
  signals.emit('SIGINT');
  assert.deepEqual([left, lines], [1, []]);
});

test('Ctrl-C is how one leaves status --watch: exit 0, and nothing is said', { timeout: 30_000 }, async () => {
  const child = spawn(process.execPath, [join(repositoryRoot, 'cli', 'main.ts'), 'status', '--watch', '--json'], { env: { ...process.env, EDGEPROOF_HOME: join(tmpdir(), 'edgeproof-nowhere') } });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => { said += text; });
  child.stdout.once('data', () => child.kill('SIGINT'));
  assert.deepEqual([await once(child, 'close'), said], [[0, null], '']);
});

test('dispose takes the listeners away', () => {
  const watched = watch();
  watched[Symbol.dispose]();
  assert.deepEqual(['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => watched.signals.listenerCount(name)), [0, 0, 0]);
});

test('errors that an abort makes are told from others', async () => {
  using watched = watch();
  const work = Promise.allSettled([exec(['sleep', '10'], { signal: watched.signal }), fetchFrom(watched.signal)]);
  watched.interrupt('a test');
  for (const result of await work) assert.ok(result.status === 'rejected' && followsFrom(result.reason, watched.signal.reason));
  assert.equal(followsFrom(watched.signal.reason, watched.signal.reason), true);
  assert.equal(followsFrom(new EdgeproofError('X', 'boot failed', { cause: watched.signal.reason }), watched.signal.reason), true);
  assert.equal(followsFrom(new EdgeproofError('LEFTOVERS', 'not removed'), watched.signal.reason), false);
  assert.equal(followsFrom(new TypeError('a bug'), watched.signal.reason), false);
});

/** A request to a server that never answers. */
async function fetchFrom(signal: AbortSignal): Promise<void> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await fetch(`http://127.0.0.1:${(server.address() as { port: number }).port}`, { signal });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}
