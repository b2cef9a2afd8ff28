import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { howToEnter, leftFile, readLeft } from './left.ts';

test('what failed scenarios left is found again, and told with the way in', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edgeproof-left-'));
  try {
    await writeFile(join(folder, 'run.json'), '{}');
    assert.deepEqual(await readLeft(folder), []);
    const left = { promise: 'autonomy-power-cut', namespace: 'autonomy-power-cut-x1', faults: ['wan-down-1'] };
    await writeFile(join(folder, leftFile(left.promise)), JSON.stringify(left));
    assert.deepEqual(await readLeft(folder), [left]);
    assert.deepEqual(howToEnter('dev', '/k', [left]), [
      'Left as autonomy-power-cut failed: namespace autonomy-power-cut-x1, open faults wan-down-1',
      'Kept: cluster dev. Look around:',
      '  export KUBECONFIG=/k; kubectl get pods --namespace autonomy-power-cut-x1 -o wide',
      '  edgeproof status dev; edgeproof shell NODE --name dev; edgeproof logs WHAT --name dev',
      'Heal it: edgeproof fault heal --name dev',
      'Remove it: edgeproof down dev',
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
