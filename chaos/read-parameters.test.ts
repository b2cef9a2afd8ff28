import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../core/errors.ts';
import { faultParameters, withDefaults } from './fault-parameters.ts';
import type { FaultKind } from './fault-kinds.ts';
import { readParameters } from './read-parameters.ts';

test('what is chosen is read, and of the rest the defaults hold', () => {
  assert.deepEqual(readParameters('wan-latency', ['jitterMs=50']), { jitterMs: 50 });
  assert.deepEqual(withDefaults('wan-latency', { jitterMs: 50 }), { latencyMs: 300, jitterMs: 50 });
  assert.deepEqual(readParameters('wan-down', []), {});
});

const mistakes: [FaultKind, string[], RegExp][] = [
  ['wan-down', ['latencyMs=3'], /^wan-down has no parameters$/],
  ['wan-latency', ['latncyMs=300'], /has no parameter "latncyMs"; did you mean latencyMs\?/],
  ['wan-latency', ['toString=1'], /has no parameter "toString"/],
  ['wan-latency', ['latencyMs'], /"latencyMs" does not say what latencyMs is to be/],
  ['wan-latency', ['latencyMs=300', 'latencyMs=400'], /latencyMs is set twice/],
  ['wan-latency', ['latencyMs=300ms'], /latencyMs of wan-latency is "300ms", not a whole number of ms from 50 to 2000/],
  ['wan-latency', ['latencyMs='], /is "", not a whole number/],
  ['wan-latency', ['latencyMs=1e3'], /is "1e3", not/],
  ['wan-latency', ['latencyMs=-5'], /is "-5", not/],
  ['wan-latency', ['latencyMs=9000'], /is "9000", not/],
  ['wan-latency', ['latencyMs=120'], /a latency of 120 ms with a jitter of 100 ms may be as little as 20 ms/],
  ['wan-thin', ['kilobytesPerSecond=0'], /not a whole number of KB\/s from 8 to 128/],
];
test('what cannot be meant is refused, with what can be set', () => {
  for (const [kind, settings, expected] of mistakes) {
    assert.throws(() => readParameters(kind, settings), (error) => error instanceof UsageError && expected.test(error.message) && error.next !== undefined, settings.join(' '));
  }
});

test('every parameter is within its own bounds by default, and in the docs with its default and bounds', async () => {
  const text = await readFile(join(import.meta.dirname, '../docs/faults.md'), 'utf8');
  for (const [kind, parameters] of Object.entries(faultParameters)) {
    for (const [name, { default: usual, least, most, unit }] of Object.entries(parameters)) {
      assert.ok(least <= usual && usual <= most, name);
      assert.deepEqual(readParameters(kind as FaultKind, [`${name}=${usual}`]), { [name]: usual });
      assert.ok(text.includes(`| \`${name}\` of \`${kind}\` | ${usual} ${unit} | ${least} to ${most} |`), `docs/faults.md has no row of ${kind} ${name}`);
    }
  }
});
