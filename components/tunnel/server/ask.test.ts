import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SessionUnavailableError, StreamError, type ReasonCode, type Session, type StreamHandler } from '../protocol/index.ts';
import { until } from '../testing/until.ts';
import { Ask, type AskOptions } from './ask.ts';

/** What an ask sees of a session: a stream that the test opens or ends; or none, for the reason given. */
class FakeSession {
  readonly resets: ReasonCode[] = [];
  readonly deadlines: number[] = [];
  handler: StreamHandler | undefined;
  readonly #unavailable: ReasonCode | undefined;

  constructor(unavailable?: ReasonCode) {
    this.#unavailable = unavailable;
  }

  open(_target: string, deadlineMs: number, handler: StreamHandler): object {
    this.deadlines.push(deadlineMs);
    if (this.#unavailable !== undefined) throw new SessionUnavailableError(this.#unavailable, 'the test says so');
    this.handler = handler;
    return {
      reset: (code: ReasonCode, reason: string) => {
        this.resets.push(code);
        handler.closed(new StreamError(code, reason, 'here'));
      },
    };
  }

  fail(code: ReasonCode): void {
    this.handler!.closed(new StreamError(code, 'the test says so', 'peer'));
  }
}

const session = (fake: FakeSession): Session => fake as unknown as Session;

function asked(here: FakeSession | undefined, ...peers: FakeSession[]): Ask {
  const options: AskOptions = { here: here && session(here), peers: () => peers.map(session), target: 'edge-1:10250', deadlineMs: 3000 };
  return new Ask(options);
}

/** By which way it was reached, or the reasons why not. */
async function outcomeOf({ outcome }: Ask): Promise<string | readonly string[]> {
  const seen = await outcome;
  return 'opened' in seen ? seen.via : seen.map(({ code }) => code);
}

test('an agent that is here is asked alone, whether it reaches the target or not', async () => {
  const [good, bad, peer] = [new FakeSession(), new FakeSession(), new FakeSession()];
  const [one, other] = [asked(good, peer), asked(bad, peer)];
  good.handler!.opened!();
  bad.fail('REFUSED');
  assert.deepEqual([await outcomeOf(one), await outcomeOf(other)], ['agent', ['REFUSED']]);
  assert.deepEqual([good.resets, peer.handler], [[], undefined]);
});

test('all others are asked when it is not here, has gone or is being drained; one that takes no stream does not end it', async () => {
  for (const here of [undefined, new FakeSession('DRAINING'), new FakeSession('LINK_LOST')]) {
    const [busy, last, slow] = [new FakeSession('BUSY'), new FakeSession(), new FakeSession()];
    const ask = asked(here, busy, last, slow);
    last.handler!.opened!();
    assert.equal(await outcomeOf(ask), 'peer');
    assert.deepEqual([last.resets, slow.resets], [[], ['CANCELLED']]);
  }
  const [lost, absent] = [new FakeSession(), new FakeSession()];
  const ask = asked(lost, absent, new FakeSession('BUSY'));
  lost.fail('LINK_LOST');
  absent.fail('ABSENT');
  assert.deepEqual(await outcomeOf(ask), ['LINK_LOST', 'BUSY', 'ABSENT']);
  assert.deepEqual(await outcomeOf(asked(undefined)), []);
});

test('others are asked too when it is silent for a second, and it may still be the first', async () => {
  const [silent, peer] = [new FakeSession(), new FakeSession()];
  const ask = asked(silent, peer);
  await until('the other one is asked', () => peer.handler !== undefined);
  peer.fail('ABSENT');
  silent.handler!.opened!();
  assert.equal(await outcomeOf(ask), 'agent');
});

test('while it is silent the others are asked again, as its agent may be on its way to one of them', async () => {
  const [silent, peer] = [new FakeSession(), new FakeSession()];
  const ask = asked(silent, peer);
  await until('the other one is asked', () => peer.handler !== undefined);
  const first = peer.handler!;
  peer.fail('ABSENT');
  await until('it is asked again', () => peer.handler !== first);
  peer.handler!.opened!();
  assert.deepEqual([await outcomeOf(ask), silent.resets, peer.resets], ['peer', ['CANCELLED'], []]);
  // As it may be told how long nobody answered, it is a round figure: all of it at first, and then what is left.
  assert.deepEqual([silent.deadlines[0], peer.deadlines[0]], [3000, 3000]);
  assert.ok(peer.deadlines[1]! < 2000 && peer.deadlines[1]! % 100 === 0, `${peer.deadlines[1]}`);
  // And no more once it has answered.
  const [busy, other] = [new FakeSession(), new FakeSession()];
  const refused = asked(busy, other);
  await until('the other one is asked', () => other.handler !== undefined);
  other.fail('ABSENT');
  busy.fail('REFUSED');
  assert.deepEqual(await outcomeOf(refused), ['ABSENT', 'REFUSED']);
});

test('the others are asked once while they have not answered, also when the session here ended early', async () => {
  const [here, peer] = [new FakeSession(), new FakeSession()];
  asked(here, peer);
  here.fail('LINK_LOST');
  await until('the other one is asked', () => peer.handler !== undefined);
  const { handler } = peer;
  await sleep(1300);
  assert.equal(peer.handler, handler);
});

test('one that is cancelled gives up what is under way, and asks nobody else', async () => {
  const [here, peer] = [new FakeSession(), new FakeSession()];
  const ask = asked(here, peer);
  ask.cancel();
  assert.deepEqual(await outcomeOf(ask), ['CANCELLED']);
  assert.deepEqual([here.resets, peer.handler], [['CANCELLED'], undefined]);
});
