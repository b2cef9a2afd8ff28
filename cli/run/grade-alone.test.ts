import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryLock } from '../../core/lock.ts';
import { bootLock } from '../../harness/cluster/labels.ts';
import { gradeAlone, handsAlone } from './grade-alone.ts';

test('a cluster that a run grades is not another run\'s, until the first has ended', async () => {
  const name = `alone-${process.pid}`;
  const first = await gradeAlone(name);
  await assert.rejects(gradeAlone(name), { code: 'USAGE', message: new RegExp(`^another edgeproof works on cluster ${name} just now: "edgeproof.*" \\(process ${process.pid}\\)$`) });
  await assert.rejects(handsAlone([`${name}-free`, name]), { code: 'USAGE', next: /with --force/ });
  // What it had by then is given back.
  await using _free = await handsAlone([`${name}-free`]);
  await using _other = await gradeAlone(`${name}-x`);
  await first[Symbol.asyncDispose]();
  await using _again = await gradeAlone(name);
});

test('of two who do something to a cluster at once one is refused, and nobody begins to grade or boot it until the other has ended', async () => {
  const name = `hands-${process.pid}`;
  const both = await Promise.allSettled([handsAlone([name]), handsAlone([name])]);
  const held = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  assert.equal(held.length, 1);
  const refused = both.flatMap((one) => (one.status === 'rejected' ? [one.reason as { code: string; message: string }] : []));
  assert.deepEqual([refused[0]!.code, refused[0]!.message.startsWith(`another edgeproof works on cluster ${name} just now: `)], ['USAGE', true]);
  await assert.rejects(gradeAlone(name), { code: 'USAGE' });
  assert.equal(await tryLock(bootLock(name)), undefined);
  await held[0]![Symbol.asyncDispose]();
  await using _graded = await gradeAlone(name);
  await using _booted = await tryLock(bootLock(name));
  assert.notEqual(_booted, undefined);
});

test('a cluster that is being booted is left alone', async () => {
  const name = `booted-${process.pid}`;
  await using _boot = await tryLock(bootLock(name), 'who boots');
  await assert.rejects(handsAlone([name]), { code: 'USAGE', message: `another edgeproof works on cluster ${name} just now: who boots`, next: /with --force/ });
  await using _graded = await gradeAlone(name);
});
