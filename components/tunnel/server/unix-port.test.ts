import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EdgeproofError, UsageError } from '../../../core/errors.ts';
import { until } from '../testing/until.ts';
import { UnixPort } from './unix-port.ts';

const silent = (): UnixPort => new UnixPort({ create: () => createServer((socket) => void socket.on('error', () => {})), troubled: () => {} });

test('a Unix socket is for this user alone, and its file goes with it', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-unix-'));
  const path = join(folder.path, 'connect.sock');
  const mask = process.umask(0);
  try {
    const port = silent();
    await port.listen(path);
    assert.equal(lstatSync(path).mode & 0o777, 0o600);
    assert.equal(process.umask(), 0);
    const client = connect(path);
    await once(client, 'connect');
    await until('it is counted', () => port.connectionCount === 1);
    const closed = port.close();
    assert.ok(!existsSync(path));
    port.cut();
    await closed;
    await once(client.resume(), 'close');
    assert.equal(port.connectionCount, 0);
  } finally {
    process.umask(mask);
  }
});

test('what a killed process has left is replaced, and what a living one serves is not', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-unix-'));
  const path = join(folder.path, 'connect.sock');
  const script = join(folder.path, 'holder.mjs');
  writeFileSync(script, `import { createServer } from 'node:net';\ncreateServer().listen(${JSON.stringify(path)}, () => process.send('ready'));\n`);
  const holder = fork(script);
  await once(holder, 'message');
  await assert.rejects(silent().listen(path), (error) => error instanceof EdgeproofError && error.code === 'SOCKET_TAKEN' && error.message === `another process serves at ${path}`);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  assert.ok(lstatSync(path).isSocket());
  const port = silent();
  await port.listen(path);
  const client = connect(path);
  await once(client, 'connect');
  client.destroy();
  await port.close();
});

test('one that is refused for a living one leaves it as it was', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-unix-'));
  const path = join(folder.path, 'connect.sock');
  const first = silent();
  await first.listen(path);
  const second = silent();
  await assert.rejects(second.listen(path), { code: 'SOCKET_TAKEN' });
  await second.close();
  const client = connect(path);
  await once(client, 'connect');
  client.destroy();
  await first.close();
});

test('nothing but a stale socket is removed, and where none can be made is said', async (t) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-unix-'));
  const at = (name: string): string => join(folder.path, name);
  writeFileSync(at('file'), 'precious');
  mkdirSync(at('folder'));
  symlinkSync(at('file'), at('link'));
  for (const name of ['file', 'folder', 'link']) {
    await t.test(`a ${name}`, async () => {
      await assert.rejects(silent().listen(at(name)), (error) => error instanceof UsageError && error.message === `${at(name)} is there, and is no socket`);
      assert.equal(readFileSync(at('file'), 'utf8'), 'precious');
    });
  }
  await t.test('a folder that is missing', async () => {
    await assert.rejects(silent().listen(at('none/connect.sock')), (error) => error instanceof UsageError && /^no socket can be made at .*: (ENOENT|EACCES)$/.test(error.message));
  });
  await t.test('a folder that is closed to this user', { skip: process.getuid?.() === 0 }, async () => {
    chmodSync(at('folder'), 0o500);
    await assert.rejects(silent().listen(at('folder/connect.sock')), (error) => error instanceof UsageError && /: EACCES$/.test(error.message));
  });
});
