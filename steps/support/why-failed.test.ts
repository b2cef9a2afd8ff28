import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodeOf, PromiseBroken } from '../../core/errors.ts';
import { whyFailed } from './why-failed.ts';

const gone = 'unix:///run/nobody-listens-here.sock';

test('what looks like a broken promise without an engine is none, and is told as the cause', async () => {
  const broken = new PromiseBroken('LOGS_REFUSED', 'kubectl logs: connection refused');
  const why = await whyFailed(broken, gone);
  assert.deepEqual([exitCodeOf(why), (why as Error).cause], [2, broken]);
  assert.equal(await whyFailed(why, gone), why);
  for (const host of [undefined, 'tcp://192.0.2.1:2376']) assert.equal(await whyFailed(broken, host), broken);
});
