import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { endOrphans, isAlive, parentVariable, processFacts } from './process.ts';
import { waitFor } from './wait.ts';

/** The id of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid!;
}

test('a process is alive until it has ended, noticed by its parent or not', async () => {
  assert.equal(isAlive(process.pid), true);
  assert.equal(isAlive(1), true);
  assert.equal(isAlive(await deadPid()), false);
  // `sleep` takes the shell's place and never asks for the end of the shell's child. The child ends only after that: a
  // shell that is still there may collect it.
  const parent = spawn('sh', ['-c', 'sleep 20 & echo $!; exec sleep 20'], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const zombie = Number(String((await once(parent.stdout, 'data'))[0]));
    const wait = { timeoutMs: 5_000, everyMs: 10 };
    await waitFor('sleep in place of the shell', async () => (processFacts(parent.pid!)?.name === 'sleep' ? { done: true } : { missing: `${processFacts(parent.pid!)?.name} runs` }), wait);
    process.kill(zombie, 'SIGKILL');
    await waitFor('a zombie', async () => (processFacts(zombie)?.state === 'Z' ? { done: true } : { missing: `state ${processFacts(zombie)?.state}` }), wait);
    assert.equal(isAlive(zombie), false);
  } finally {
    parent.kill('SIGKILL');
  }
});

test('what the kernel says of a process is read, and nothing of one that is not there', () => {
  const child = spawn('sleep', ['20'], { detached: true });
  try {
    assert.equal(processFacts(child.pid!)?.group, child.pid);
  } finally {
    child.kill('SIGKILL');
  }
  assert.equal(processFacts(2 ** 30), undefined);
});

test('orphans are ended with what they started; what has a living edgeproof, or none, is left alone', async () => {
  const start = (parent: string | undefined): ReturnType<typeof spawn> => spawn('sleep', ['30'], { env: { ...process.env, [parentVariable]: parent }, stdio: 'ignore' });
  const dead = await deadPid();
  const orphan = start(String(dead));
  // As Cucumber: an orphan, and the edgeproof of another.
  const childOfOrphan = start(String(orphan.pid));
  const others = [start(String(process.pid)), start(undefined), start('')];
  const ends = [orphan, childOfOrphan].map(async (child) => await once(child, 'exit'));
  try {
    assert.equal(await endOrphans({ among: [orphan, childOfOrphan, ...others].map((child) => child.pid!) }), 2);
    for (const [, signal] of await Promise.all(ends)) assert.equal(signal, 'SIGKILL');
    for (const other of others) assert.equal(isAlive(other.pid!), true);
  } finally {
    for (const child of others) child.kill('SIGKILL');
  }
});

test('of the orphans of one edgeproof only they are ended, with what they started', async () => {
  const start = (parent: number): ReturnType<typeof spawn> => spawn('sleep', ['30'], { env: { ...process.env, [parentVariable]: String(parent) }, stdio: 'ignore' });
  const [mine, another] = [await deadPid(), await deadPid()];
  const orphan = start(mine);
  const childOfOrphan = start(orphan.pid!);
  const stranger = start(another);
  const among = [orphan, childOfOrphan, stranger].map(({ pid }) => pid!);
  try {
    assert.equal(await endOrphans({ among, of: mine }), 2);
    assert.equal(isAlive(stranger.pid!), true);
  } finally {
    for (const child of [orphan, childOfOrphan, stranger]) child.kill('SIGKILL');
  }
});
