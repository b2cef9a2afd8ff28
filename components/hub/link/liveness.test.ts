import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Liveness } from './liveness.ts';

function session(): { asked: number; heard: number; received: number; liveness: Liveness; dead: string[] } {
  const seen = { asked: 0, heard: 0, received: 0, dead: [] as string[] };
  const liveness = new Liveness({
    withinMs: 10_000,
    received: () => seen.received,
    ping: (answered) => {
      seen.asked += 1;
      setImmediate(() => {
        seen.received += 17;
        answered();
      });
      return true;
    },
    heard: () => void (seen.heard += 1),
    dead: (reason) => void seen.dead.push(reason),
  });
  return Object.assign(seen, { liveness });
}

test('who is heard anyway is not asked, and who falls silent is', async () => {
  const one = session();
  one.liveness.everyMs = 400;
  const talk = setInterval(() => void (one.received += 100), 20);
  await sleep(1200);
  assert.equal(one.asked, 0);
  assert.ok(one.heard > 0, 'it was heard');
  clearInterval(talk);
  const silentAt = performance.now();
  while (one.asked === 0) await sleep(10);
  assert.ok(performance.now() - silentAt >= 300, 'not before it had been silent');
  one.liveness.stop();
});

test('who is silent is asked again and again', async () => {
  const one = session();
  one.liveness.everyMs = 40;
  while (one.asked < 3) await sleep(10);
  one.liveness.stop();
  const { asked } = one;
  await sleep(150);
  assert.deepEqual([one.asked, one.dead], [asked, []]);
});

test('it asks at the eighth look after the last byte was seen, also when the look that saw it took long', async () => {
  let [looks, seenAt, heard] = [0, 0, false];
  const { promise: asked, resolve } = Promise.withResolvers<number>();
  const liveness = new Liveness({
    withinMs: 10_000,
    received: () => {
      looks += 1;
      if (looks < 3) return 0;
      for (const until = performance.now() + (seenAt === 0 ? 20 : 0); performance.now() < until; );
      seenAt ||= looks;
      return 1;
    },
    ping: () => {
      resolve(looks - seenAt);
      return true;
    },
    heard: () => void (heard = true),
    dead: () => {},
  });
  liveness.everyMs = 400;
  const looksUntil = await asked;
  liveness.stop();
  assert.ok(heard && looksUntil <= 8, `${looksUntil} looks`);
});
