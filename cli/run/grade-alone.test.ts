import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demandLeftAlone, gradeAlone } from './grade-alone.ts';

test('a cluster that a run grades is not another run\'s, until the first has ended', async () => {
  const name = `alone-${process.pid}`;
  const first = await gradeAlone(name);
  await assert.rejects(gradeAlone(name), { code: 'USAGE', message: new RegExp(`^another edgeproof works on cluster ${name} just now: "edgeproof.*" \\(process ${process.pid}\\)$`) });
  await assert.rejects(demandLeftAlone([`${name}-free`, name]), { code: 'USAGE', next: /with --force/ });
  await demandLeftAlone([`${name}-free`]);
  await using _other = await gradeAlone(`${name}-x`);
  await first[Symbol.asyncDispose]();
  await using _again = await gradeAlone(name);
});
