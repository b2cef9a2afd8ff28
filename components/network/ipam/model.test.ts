import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ranges, World } from './testing/world.ts';

/** What happens on a node. Numbers choose among what there is. */
type Step =
  | { readonly do: 'create' | 'delete'; readonly name: number }
  | { readonly do: 'start'; readonly pod: number; readonly kill: number | undefined; readonly cached: boolean }
  | { readonly do: 'stop'; readonly sandbox: number; readonly until: number; readonly kill: number | undefined }
  | { readonly do: 'check'; readonly sandbox: number }
  | { readonly do: 'gc' | 'power' | 'reconcile' }
  | { readonly do: 'range'; readonly to: number }
  | { readonly do: 'damage'; readonly keep: number | undefined };

const nat = fc.nat({ max: 1000 });
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> => fc.record<T>(model, { noNullPrototype: true });
const kill = fc.option(fc.double({ min: 0, max: 5, noNaN: true }), { nil: undefined, freq: 6 });
const steps = {
  create: record({ do: fc.constant('create' as const), name: fc.nat({ max: 6 }) }),
  delete: record({ do: fc.constant('delete' as const), name: fc.nat({ max: 6 }) }),
  start: record({ do: fc.constant('start' as const), pod: nat, kill, cached: fc.boolean() }),
  stop: record({ do: fc.constant('stop' as const), sandbox: nat, until: fc.constantFrom(4, 4, 4, 3, 2, 1, 0), kill }),
  check: record({ do: fc.constant('check' as const), sandbox: nat }),
  other: record({ do: fc.constantFrom('gc' as const, 'power' as const, 'reconcile' as const, 'reconcile' as const) }),
  range: record({ do: fc.constant('range' as const), to: nat }),
  damage: record({ do: fc.constant('damage' as const), keep: fc.option(fc.double({ min: 0, max: 0.999, noNaN: true }), { nil: undefined }) }),
};
const step: fc.Arbitrary<Step> = fc.oneof({ weight: 6, arbitrary: steps.create }, { weight: 2, arbitrary: steps.delete }, { weight: 10, arbitrary: steps.start }, { weight: 8, arbitrary: steps.stop }, { weight: 2, arbitrary: steps.check }, { weight: 4, arbitrary: steps.other }, { weight: 1, arbitrary: steps.range }, { weight: 1, arbitrary: steps.damage });

const pickOf = <T>(things: readonly T[], number: number): T | undefined => things[number % (things.length || 1)];

function take(world: World, one: Step, chance: () => number): void {
  switch (one.do) {
    case 'create': return world.createPod(`pod-${one.name}`);
    case 'delete': return world.deletePod(`pod-${one.name}`);
    case 'start': {
      const pod = pickOf(world.pods, one.pod);
      return pod && world.startSandbox(pod, { cached: one.cached, ...(one.kill !== undefined && { killAfter: one.kill }) });
    }
    case 'stop': {
      const sandbox = pickOf(world.sandboxes, one.sandbox);
      return sandbox && world.stopSandbox(sandbox, { until: one.until, ...(one.kill !== undefined && { killAfter: one.kill }) });
    }
    case 'check': {
      const sandbox = pickOf(world.sandboxes, one.sandbox);
      return sandbox && world.check(sandbox);
    }
    case 'gc': return world.collect();
    case 'power': return world.cutPower(chance);
    case 'reconcile': return world.reconcile();
    case 'range': return world.changeRange(pickOf(ranges, one.to)!);
    case 'damage': return world.damage(one.keep);
  }
}

test('whatever happens: no address is held by two, a UID keeps its own, nothing leaks', () => {
  const happened = new Map<string, number>();
  fc.assert(fc.property(fc.array(step, { maxLength: 60, size: 'max' }), fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })), (list, chances) => {
    using world = new World();
    for (const one of list) {
      take(world, one, () => chances.next().value!);
      world.assertHolds();
    }
    for (const [what, times] of world.happened) happened.set(what, (happened.get(what) ?? 0) + times);
  }), { numRuns: 1000, interruptAfterTimeLimit: 15_000, markInterruptAsFailure: false });
  for (const what of ['ADD', 'DEL', 'CHECK', 'GC', 'the same again', 'killed', 'no DEL', 'died', 'no result', 'result left', 'power cut', 'damage', 'reconcile', 'error 11', 'error 100', 'error 101']) assert.ok((happened.get(what) ?? 0) > 0, `${what} did not happen`);
});
