import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { callsMeanwhile } from './meanwhile.ts';

test('calls go on until the work is done, one after the other, and the last one is waited for', async () => {
  let [running, calls] = [0, 0];
  const { promise, resolve } = Promise.withResolvers<void>();
  const seen = await callsMeanwhile(async () => {
    assert.equal(running++, 0, 'one at a time');
    calls += 1;
    if (calls === 4) resolve();
    await sleep(1);
    running -= 1;
    return calls === 2 ? 'refused' : undefined;
  }, async () => await promise);
  assert.equal(running, 0);
  assert.deepEqual(seen, { made: calls, failures: ['refused'] });
  assert.ok(calls >= 4);
});

test('one call is made at the least', async () => {
  assert.deepEqual(await callsMeanwhile(async () => undefined, async () => {}), { made: 1, failures: [] });
});

test('the failure of the work comes before that of a call, and a call that throws does not leave the work alone', async () => {
  await assert.rejects(callsMeanwhile(async () => undefined, async () => { throw new Error('the work'); }), /the work/);
  let done = false;
  await assert.rejects(callsMeanwhile(async () => { throw new Error('the call'); }, async () => {
    await sleep(5);
    done = true;
  }), /the call/);
  assert.ok(done);
});
