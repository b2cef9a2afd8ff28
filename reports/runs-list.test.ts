import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../core/errors.ts';
import { findRun, listRuns, newRunId } from './runs-list.ts';

test('a run is named by its time, topology and implementation', () => {
  assert.equal(newRunId(new Date('2026-11-23T02:27:59.123Z'), 'two-sites', 'reference'), '20261123T022759Z-two-sites-reference');
});

test('runs are found by their id, its beginning, or as the latest', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-runs-'));
  await assert.rejects(findRun(undefined, folder.path), /There is no run yet/);
  assert.deepEqual(await listRuns(join(folder.path, 'nowhere')), []);
  const old = '20261122T100000Z-two-sites-stock';
  const middle = '20261123T022759Z-one-edge-reference';
  const latest = '20261123T031500Z-two-sites-reference';
  for (const run of [middle, latest, old]) {
    await mkdir(join(folder.path, run));
    await writeFile(join(folder.path, run, 'run.json'), '{}');
  }
  await mkdir(join(folder.path, '20991231T000000Z-no-run'));
  await writeFile(join(folder.path, '.gitkeep'), '');

  assert.deepEqual(await listRuns(folder.path), [latest, middle, old]);
  assert.equal(await findRun(undefined, folder.path), join(folder.path, latest));
  assert.equal(await findRun('latest', folder.path), join(folder.path, latest));
  assert.equal(await findRun(middle, folder.path), join(folder.path, middle));
  assert.equal(await findRun('20261122', folder.path), join(folder.path, old));
  await assert.rejects(findRun('20261123', folder.path), (error) => error instanceof UsageError && /2 runs begin with '20261123'/.test(error.message));
  await assert.rejects(findRun('20261122T100000Z-two-sites-stok', folder.path), /did you mean '20261122T100000Z-two-sites-stock'/);
  await assert.rejects(findRun('../../etc', folder.path), UsageError);
  await assert.rejects(findRun('', folder.path), UsageError);
});
