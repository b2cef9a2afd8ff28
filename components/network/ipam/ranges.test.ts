import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAddress, parseAddress, type Address } from './addresses.ts';
import { nextFree, rangeOf, sizeOf, type RangeSet } from './ranges.ts';
import { readAddressing, readNetwork } from './protocol/config.ts';

const bounded = { interruptAfterTimeLimit: 3000, markInterruptAsFailure: false };
const setOf = (...ranges: object[]): RangeSet => readAddressing(readNetwork(JSON.stringify({ cniVersion: '1.0.0', name: 'n', ipam: { ranges: [ranges] } }))).sets[0]!;
const address = (text: string): Address => parseAddress(text)!;

/** Gives until nothing is left. */
function all(set: RangeSet, after?: string): string[] {
  const given: string[] = [];
  for (let last = after; ;) {
    const found = nextFree(set, (one) => given.includes(formatAddress(one)), last === undefined ? undefined : address(last));
    if (found === undefined) return given;
    given.push(last = formatAddress(found));
  }
}

test('a /29 has five addresses to give: not the network, not the gateway, not the broadcast', () => {
  const set = setOf({ subnet: '10.0.0.0/29' });
  assert.deepEqual(all(set), ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
  assert.equal(sizeOf(set), 5n);
  assert.equal(rangeOf(set, address('10.0.0.1')), undefined);
});

test('IPv6 has no broadcast', () => assert.equal(all(setOf({ subnet: 'fd00::/125' })).at(-1), 'fd00::7'));

test('after the last comes the first again, from one range to the next, without their gateways', () => {
  const set = setOf({ subnet: '10.0.0.0/29', rangeStart: '10.0.0.4', gateway: '10.0.0.5' }, { subnet: '10.1.0.0/30' });
  assert.deepEqual(all(set, '10.0.0.4'), ['10.0.0.6', '10.1.0.2', '10.0.0.4']);
  assert.deepEqual(all(set, '10.1.0.2'), ['10.0.0.4', '10.0.0.6', '10.1.0.2']);
  // Of a range that is not there any more.
  assert.deepEqual(all(set, '10.9.0.2'), ['10.0.0.4', '10.0.0.6', '10.1.0.2']);
});

test('one that came free is given last', () => {
  const set = setOf({ subnet: '10.0.0.0/29' });
  const taken = (...texts: string[]) => (one: Address): boolean => texts.includes(formatAddress(one));
  assert.equal(formatAddress(nextFree(set, taken('10.0.0.3'), address('10.0.0.3'))!), '10.0.0.4');
});

test('whatever the ranges are, each address is given once, and as many as there are', () => {
  const range = fc.record({ third: fc.nat({ max: 5 }), from: fc.integer({ min: 1, max: 200 }), length: fc.integer({ min: 0, max: 6 }), gateway: fc.nat({ max: 255 }) }, { noNullPrototype: true });
  fc.assert(fc.property(fc.uniqueArray(range, { selector: ({ third }) => third, minLength: 1, maxLength: 4 }), fc.nat({ max: 5 }), fc.nat({ max: 255 }), (ranges, third, byte) => {
    const set = setOf(...ranges.map((one) => ({ subnet: `10.0.${one.third}.0/24`, rangeStart: `10.0.${one.third}.${one.from}`, rangeEnd: `10.0.${one.third}.${one.from + one.length}`, gateway: `10.0.${one.third}.${one.gateway}` })));
    const given = all(set, `10.0.${third}.${byte}`);
    assert.equal(BigInt(given.length), sizeOf(set));
    assert.equal(new Set(given).size, given.length);
    for (const text of given) assert.ok(rangeOf(set, address(text)), text);
  }), bounded);
});
