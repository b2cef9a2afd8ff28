import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Liveness, longestSilenceMs } from './liveness.ts';
import { defaultTimings } from './timings.ts';

/** For who is asked nothing. */
const owesNothing = { owedMs: 60_000, doubtMs: 60_000, owedSince: () => undefined, doubted: () => {} };

function session(): { asked: number; heard: number; received: number; liveness: Liveness; dead: string[] } {
  const seen = { asked: 0, heard: 0, received: 0, dead: [] as string[] };
  const liveness = new Liveness({
    ...owesNothing,
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
    ...owesNothing,
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

/** A session whose time passes when a test says so, with the hub's own timings. */
class Timed {
  readonly events: { readonly what: string; readonly at: number }[] = [];
  readonly #timers: TestContext['mock']['timers'];
  readonly #liveness: Liveness;
  #now = 0;
  #received = 0;
  #owedSince: number | undefined;

  constructor({ timers }: TestContext['mock']) {
    const { pingEveryMs, owedMs, doubtMs, pongWithinMs } = defaultTimings;
    timers.enable({ apis: ['setInterval', 'setTimeout'] });
    this.#timers = timers;
    const told = (what: string) => (): void => void this.events.push({ what, at: this.#now });
    const asked = told('asked');
    this.#liveness = new Liveness({
      withinMs: pongWithinMs, doubtMs, owedMs,
      owedSince: () => this.#owedSince,
      received: () => this.#received,
      ping: () => {
        asked();
        return true;
      },
      heard: () => {},
      doubted: told('doubted'),
      dead: told('dead'),
      now: () => this.#now,
    });
    this.#liveness.everyMs = pingEveryMs;
  }

  get what(): string[] {
    return this.events.map(({ what }) => what);
  }

  /** @param ms since the beginning */
  async passes(ms: number): Promise<void> {
    while (this.#now < ms) {
      this.#now += 10;
      this.#timers.tick(10);
      await nextTurn();
    }
  }

  hears(): void {
    this.#received += 100;
    this.#owedSince = undefined;
  }

  sends(): void {
    this.#owedSince = this.#now;
  }

  stop(): void {
    this.#liveness.stop();
    this.#timers.reset();
  }
}

test('a session with a Lease that is renewed every 5 s is never asked; when that ends it is asked, doubted, and dead', async ({ mock }) => {
  const one = new Timed(mock);
  // 5 s and up to 4 % more (wait.JitterUntil of the kubelet's Lease controller), and what the API server takes.
  let heardAt = 0;
  for (let round = 1; round <= 20; round += 1) {
    await one.passes(heardAt + 5200);
    one.sends();
    heardAt += 5240;
    await one.passes(heardAt);
    one.hears();
  }
  assert.deepEqual(one.what, []);
  await one.passes(heardAt + 9400);
  one.stop();
  assert.deepEqual(one.what, ['asked', 'doubted', 'dead']);
  const [asked, doubted, dead] = one.events.map(({ at }) => at - heardAt) as [number, number, number];
  const { pingEveryMs, owedMs, doubtMs, pongWithinMs } = defaultTimings;
  assert.ok(asked <= longestSilenceMs(pingEveryMs, owedMs), `asked after ${asked} ms`);
  // Two turns for what lets the kernel's bytes come first.
  assert.ok(doubted - asked <= doubtMs + 30 && dead - asked <= pongWithinMs + 30, `doubted ${doubted - asked} and dead ${dead - asked} ms later`);
});

test('who owes an answer is asked soon, counted from what was heard since', async ({ mock }) => {
  const one = new Timed(mock);
  await one.passes(1000);
  one.sends();
  await one.passes(2500);
  one.hears();
  one.sends();
  await one.passes(4300);
  assert.deepEqual(one.what, []);
  await one.passes(4750);
  one.stop();
  assert.deepEqual(one.what, ['asked']);
});
