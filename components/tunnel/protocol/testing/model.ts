import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CreditBudget } from '../budget.ts';
import { SessionUnavailableError } from '../errors.ts';
import type { TunnelStream } from '../stream.ts';
import { ModelledEnd, type Manner } from './modelled-end.ts';
import { SessionPair, type TestEnd } from './session-pair.ts';
import { until } from './until.ts';

/** What is done to one of the two ends, in turn. `stream` picks one of those that there are. */
export type Operation =
  | { readonly do: 'open'; readonly at: Side; readonly manner: Manner; readonly other: Manner | 'refuses' | 'is slow' }
  | { readonly do: 'write'; readonly at: Side; readonly stream: number; readonly bytes: number }
  | { readonly do: 'end' | 'reset' | 'pause' | 'resume'; readonly at: Side; readonly stream: number }
  | { readonly do: 'turn'; readonly times: number };

export type Side = 'server' | 'client';
/** How all of it ends. */
export type Finale = 'by themselves' | 'drain' | 'close' | 'cut';

export interface Plan {
  readonly operations: readonly Operation[];
  readonly finale: Finale;
}

const manner = fc.constantFrom<Manner>('listens', 'listens', 'listens', 'answers', 'talks', 'resets at data', 'resets when writable', 'ends at data');
const at = fc.constantFrom<Side>('server', 'client');
const stream = fc.nat({ max: 11 });
const plain = { noNullPrototype: true };
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('open' as const), at, manner, other: fc.oneof({ weight: 8, arbitrary: manner }, { weight: 1, arbitrary: fc.constantFrom('refuses' as const, 'is slow' as const) }) }, plain) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), at, stream, bytes: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 300_000 })) }, plain) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('end' as const, 'end' as const, 'reset' as const, 'pause' as const, 'resume' as const), at, stream }, plain) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('turn' as const), times: fc.integer({ min: 1, max: 6 }) }, plain) },
);

export const plan: fc.Arbitrary<Plan> = fc.record({ operations: fc.array(operation, { minLength: 1, maxLength: 60 }), finale: fc.constantFrom<Finale>('by themselves', 'by themselves', 'drain', 'close', 'cut') }, plain);

/** Small, so that all limits are met. */
const config = { initialWindowBytes: 32 * 1024, maxWindowBytes: 128 * 1024, sessionMemoryBytes: 384 * 1024, maxStreams: 6, dataBacklogBytes: 16 * 1024 };

interface Pending {
  readonly stream: TunnelStream;
  readonly end: ModelledEnd;
}

/** Carries out a plan on two real sessions, and compares all that they tell with the model. */
export async function carryOut({ operations, finale }: Plan): Promise<void> {
  const problems: string[] = [];
  const ends: Record<Side, ModelledEnd[]> = { server: [], client: [] };
  const manners = new Map<string, Extract<Operation, { do: 'open' }>['other']>();
  const slow: Pending[] = [];
  const budgets = { server: new CreditBudget(1 << 30), client: new CreditBudget(1 << 30) };

  const take = (side: Side) => (stream: TunnelStream): void => {
    const opener = ends[side === 'server' ? 'client' : 'server'].find((end) => end.stream.id === stream.id)!;
    const wanted = manners.get(stream.target)!;
    if (wanted === 'refuses') return stream.reset('REFUSED', wanted);
    const end = new ModelledEnd(stream.id * 2 + 1, stream.id * 2, wanted === 'is slow' ? 'listens' : wanted, problems);
    end.stream = stream;
    end.other = opener;
    opener.other = end;
    ends[side].push(end);
    if (wanted === 'is slow') slow.push({ stream, end });
    else stream.accept(end);
  };
  await using pair = await SessionPair.connect({ linked: finale === 'cut', server: { config, budget: budgets.server, stream: take('server') }, client: { config, budget: budgets.client, stream: take('client') } });

  const openAt = (side: Side, how: Extract<Operation, { do: 'open' }>): void => {
    const { session } = pair[side];
    // The other end sees the stream before this one is told its id: in a later turn.
    const target = `stream-${ends.server.length}-${ends.client.length}-${manners.size}:1`;
    manners.set(target, how.other);
    try {
      const id = nextId(pair[side]);
      const end = new ModelledEnd(id * 2, id * 2 + 1, how.manner, problems);
      end.stream = session.open(target, 1000, end);
      assert.equal(end.stream.id, id);
      opened.set(pair[side], id + 2);
      ends[side].push(end);
    } catch (error) {
      if (!(error instanceof SessionUnavailableError)) throw error;
    }
  };
  const opened = new Map<TestEnd, number>();
  const nextId = (end: TestEnd): number => opened.get(end) ?? (end === pair.server ? 1 : 2);

  for (const step of operations) {
    if (step.do === 'open') openAt(step.at, step);
    else if (step.do === 'turn') await turns(step.times);
    else {
      const end = ends[step.at][step.stream % Math.max(1, ends[step.at].length)];
      if (end === undefined) continue;
      if (step.do === 'write') end.write(step.bytes);
      else if (step.do === 'end') end.sayEnd();
      else if (step.do === 'reset') end.stream.reset('CANCELLED', 'the plan says so');
      else end[step.do]();
    }
  }

  const all = (): ModelledEnd[] => [...ends.server, ...ends.client];
  if (finale === 'close') pair.server.session.close('INTERNAL', finale);
  if (finale === 'cut') pair.link!.reset();
  if (finale === 'drain') pair.client.session.drain(finale);
  await turns(3);
  for (const end of all()) end.resume();
  await until('all streams close', () => {
    // Those that were on their way are to come to their end too.
    for (const end of all()) if (!end.endSaid) end.sayEnd();
    for (const { stream, end } of slow.splice(0)) stream.accept(end);
    return all().every(({ isClosed }) => isClosed) && pair.server.session.streamCount + pair.client.session.streamCount === 0;
  });
  for (const end of all()) end.check();
  assert.deepEqual(problems, []);
  await until('all credit is given back', () => budgets.server.usedBytes + budgets.client.usedBytes === 0);
  const over = finale !== 'by themselves';
  if (over) await until('both sessions end', () => pair.server.end !== undefined && pair.client.end !== undefined);
  else assert.deepEqual([pair.server.end, pair.client.end], [undefined, undefined]);
}

async function turns(times: number): Promise<void> {
  for (let turn = 0; turn < times; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
