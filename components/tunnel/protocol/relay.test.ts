import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StreamError } from './errors.ts';
import { relay } from './relay.ts';
import { sendNoise } from './testing/random.ts';
import { open, accept, type Recorder } from './testing/recorder.ts';
import { SessionPair, type EndOptions } from './testing/session-pair.ts';
import { handOver } from './testing/spliced.ts';
import { until } from './testing/until.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

interface Relayed {
  readonly near: Recorder;
  readonly far: Recorder;
  /** The sessions before and behind the relay. */
  readonly before: SessionPair;
  readonly behind: SessionPair;
  readonly done: (StreamError | undefined)[];
}

/** near ─ before ─ relay ─ behind ─ far: as a server that passes a peer's stream on to its agent. */
async function relayed(stack: AsyncDisposableStack, options: { readonly behind?: EndOptions; readonly linked?: boolean } = {}): Promise<Relayed> {
  const before = stack.use(await SessionPair.connect());
  const behind = stack.use(await SessionPair.connect({ both: options.behind ?? {}, linked: options.linked ?? false }));
  const done: Relayed['done'] = [];
  const near = open(before.server.session);
  await until('the stream arrives at the relay', () => before.client.streams.length === 1);
  const onward = open(behind.server.session);
  await until('it arrives at the far end', () => behind.client.streams.length === 1);
  const far = accept(behind.client.streams[0]!);
  await until('it is opened', () => onward.stream.isOpened);
  const halves = relay(before.client.streams[0]!, onward.stream, (error) => done.push(error));
  handOver(onward, halves.other);
  onward.sent = () => halves.other.sent?.();
  before.client.streams[0]!.accept(halves.one);
  await until('the near end is told', () => near.stream.isOpened);
  return { near, far, before, behind, done };
}

/** Handlers were bound before; `Recorder` has no `sent` of its own. */
declare module './testing/recorder.ts' {
  interface Recorder {
    sent?(): void;
  }
}

const promised = ({ before, behind }: Relayed): number => [before, behind].flatMap((pair) => [pair.server, pair.client]).reduce((sum, { session }) => sum + session.promisedBytes, 0);

test('bytes and ends pass through a relay, both ways', async () => {
  await using stack = new AsyncDisposableStack();
  const all = await relayed(stack);
  const { near, far, done } = all;
  const sent = await Promise.all([sendNoise(near, 8 * MiB, 1), sendNoise(far, 8 * MiB, 2)]);
  assert.deepEqual([await near.closing(), await far.closing()], [undefined, undefined]);
  assert.deepEqual([far.digest(), near.digest()], sent);
  await until('the relay is done', () => done.length === 1);
  assert.deepEqual(done, [undefined]);
  assert.equal(promised(all), 0);
});

test('the end of one half passes, and the other half goes on', async () => {
  await using stack = new AsyncDisposableStack();
  const { near, far, done } = await relayed(stack);
  near.stream.write(Buffer.from('question'));
  near.stream.end();
  await until('the end arrives', () => far.ended);
  assert.equal(near.isClosed, false);
  far.stream.write(Buffer.from('answer'));
  far.stream.end();
  assert.equal(await near.closing(), undefined);
  assert.deepEqual([far.bytes, near.bytes, done.length], [8, 6, 1]);
});

test('a reader that stalls behind a relay stops the writer before it, and gives all credit back', async () => {
  await using stack = new AsyncDisposableStack();
  const all = await relayed(stack, { behind: { config: { maxWindowBytes: 256 * KiB } } });
  const { near, far, before } = all;
  far.consumes = false;
  const sent = sendNoise(near, 12 * MiB, 3);
  await until('it stalls', () => near.stream.stalled && far.bytes === 256 * KiB);
  assert.ok(before.client.session.promisedBytes <= 4 * MiB);
  far.consumeAll();
  await until('all arrives', () => far.ended);
  assert.equal(far.digest(), await sent);
  far.stream.end();
  assert.equal(await near.closing(), undefined);
  assert.equal(promised(all), 0);
});

test('bytes that leave a relay together with the end are given back too', async () => {
  await using stack = new AsyncDisposableStack();
  const all = await relayed(stack);
  all.far.consumes = false;
  all.near.stream.write(Buffer.alloc(400 * KiB)); // more than the window behind the relay
  all.near.stream.end();
  await until('some waits in the relay', () => all.far.bytes === 256 * KiB);
  all.far.consumeAll();
  all.far.stream.end();
  assert.equal(await all.near.closing(), undefined);
  // The far end's FIN may overtake what the relay still holds.
  assert.equal(await all.far.closing(), undefined);
  assert.equal(all.far.bytes, 400 * KiB);
  await until('all credit is back', () => promised(all) === 0);
});

test('a reset passes through a relay with its reason, from either end', async () => {
  for (const end of ['near', 'far'] as const) {
    await using stack = new AsyncDisposableStack();
    const all = await relayed(stack);
    all.far.consumes = false;
    all.near.stream.write(Buffer.alloc(MiB));
    await until('some waits in the relay', () => all.far.bytes === 256 * KiB);
    all[end].stream.reset('TIMEOUT', 'too slow');
    const error = await all[end === 'near' ? 'far' : 'near'].closing();
    assert.deepEqual([error?.code, error?.message], ['TIMEOUT', 'too slow']);
    assert.equal(all.done.length, 1);
    assert.equal(promised(all), 0);
  }
});

test('a link that is lost behind a relay is an error before it', async () => {
  await using stack = new AsyncDisposableStack();
  const all = await relayed(stack, { linked: true });
  all.behind.link!.reset();
  assert.equal((await all.near.closing(1000))?.code, 'LINK_LOST');
  assert.equal(all.before.server.end, undefined, 'the session before the relay goes on');
  assert.equal(all.done.length, 1);
});
