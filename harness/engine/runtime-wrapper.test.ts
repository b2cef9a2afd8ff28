import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exec } from '../../core/exec.ts';
import { runtimeWrapper } from './runtime-wrapper.ts';

const capabilities = { bounding: ['CAP_CHOWN', 'CAP_SYS_RESOURCE'], effective: ['CAP_SYS_RESOURCE'] };
const kept = { bounding: ['CAP_CHOWN'], effective: [] };

async function wrapped(file: string, content: unknown, args: readonly string[], indent = 0, missing = ['CAP_SYS_RESOURCE']): Promise<{ stdout: string; content: unknown }> {
  const folder = await mkdtemp(join(tmpdir(), 'edgeproof-runtime-'));
  try {
    await writeFile(join(folder, file), JSON.stringify(content, null, indent));
    await writeFile(join(folder, 'runtime'), runtimeWrapper('echo', missing), { mode: 0o700 });
    const { stdout } = await exec([join(folder, 'runtime'), ...args.map((arg) => arg.replace('FOLDER', folder))]);
    return { stdout: stdout.replaceAll(folder, 'FOLDER').trim(), content: JSON.parse(await readFile(join(folder, file), 'utf8')) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('create: the capability leaves the bundle, and runc gets every argument', async () => {
  const seen = await wrapped('config.json', { process: { args: ['sh'], capabilities } }, ['--root', '/r', 'create', '--bundle', 'FOLDER', 'id']);
  assert.deepEqual(seen.content, { process: { args: ['sh'], capabilities: kept } });
  assert.equal(seen.stdout, '--root /r create --bundle FOLDER id');
});

test('exec: the capability leaves the process file', async () => {
  const seen = await wrapped('process.json', { args: ['sh'], capabilities }, ['exec', '--process', 'FOLDER/process.json', 'id']);
  assert.deepEqual(seen.content, { args: ['sh'], capabilities: kept });
});

test('of a set the first, the last, one in the middle and the only one, however it is written, and nothing that only looks like one', async () => {
  const [out, other] = ['CAP_SYS_RESOURCE', 'CAP_CHOWN'];
  const sets = { bounding: [out, other], effective: [other, out], permitted: [other, out, 'CAP_KILL'], inheritable: [out], ambient: [] };
  const args = ['capsh', out, JSON.stringify({ capabilities: sets }), `"bounding":["${out}"]`];
  for (const indent of [0, 2]) {
    const seen = await wrapped('process.json', { args, bounding: `["${out}"]`, capabilities: sets }, ['exec', '--process', 'FOLDER/process.json', 'id'], indent);
    assert.deepEqual(seen.content, { args, bounding: `["${out}"]`, capabilities: { bounding: [other], effective: [other], permitted: [other, 'CAP_KILL'], inheritable: [], ambient: [] } });
  }
});

test('of several capabilities each leaves, as often as it is named, and none that begins or ends with its name', async () => {
  const bounding = ['CAP_SYS_TIME', 'CAP_SYS_RESOURCE', 'CAP_CHOWN', 'CAP_SYS_RESOURCE', 'CAP_SYS_TIME', 'CAP_SYS_RESOURCE', 'CAP_SYS_RESOURCES', 'X_CAP_SYS_TIME'];
  const seen = await wrapped('process.json', { capabilities: { bounding, ambient: bounding.slice(3, 6) } }, ['exec', '--process', 'FOLDER/process.json', 'id'], 0, ['CAP_SYS_RESOURCE', 'CAP_SYS_TIME']);
  assert.deepEqual(seen.content, { capabilities: { bounding: ['CAP_CHOWN', 'CAP_SYS_RESOURCES', 'X_CAP_SYS_TIME'], ambient: [] } });
});

test('a process without capabilities is left as it is', async () => {
  const seen = await wrapped('process.json', { args: ['sh'], env: ['A=b'] }, ['exec', '--process=FOLDER/process.json', 'id']);
  assert.deepEqual(seen.content, { args: ['sh'], env: ['A=b'] });
});
