import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gradeAlone } from './grade-alone.ts';

test('a cluster that a run grades is not another run\'s, until the first has ended', async () => {
  const name = `alone-${process.pid}`;
  const first = await gradeAlone(name);
  await assert.rejects(gradeAlone(name), { code: 'USAGE', message: `another edgeproof grades cluster ${name} just now` });
  await using _other = await gradeAlone(`${name}-x`);
  await first[Symbol.asyncDispose]();
  await using _again = await gradeAlone(name);
});
