import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plotOf } from './plot.ts';
import { cpuSecondsOf } from './child.ts';
import { busyBetween, ticksOf } from './machine.ts';
import { conditions, contenders, directions, doorOfRatio, doors, ratiosOf, streamCounts, type BenchResult, type Contender, type Sample } from './result.ts';
import { median, percentile } from './statistics.ts';
import { tableOf } from './table.ts';

const idle = { agents: 1000, residentBytesPerAgent: 60_000, heapBytesPerAgent: 20_000, allBackMs: 3000 };

/** Every figure of a contender is `factor` times a common one; konnectivity has none for a stalled reader. */
function samplesOf(factors: Readonly<Record<Contender, number>>): Sample[] {
  return contenders.flatMap((contender) => [1, 2, 3].flatMap((round): Sample[] => {
    const factor = factors[contender] * (round === 3 ? 100 : 1); // one round that was disturbed
    return [
      ...directions.flatMap((direction) => streamCounts.map((streams): Sample => ({ kind: 'bulk', contender, round, direction, streams, megabytesPerSecond: 100 * factor, cpu: { server: factor, agent: 2 * factor, client: 1, origin: 1 } }))),
      ...doors.filter((door) => contender !== 'direct' || door === 'tcp').flatMap((door) => conditions.filter((condition) => contender !== 'konnectivity' || condition !== 'stalled').map((condition): Sample => {
        // Our handshakes cost more than our tunnel.
        const p50 = factor * (door === 'tcp' && contender === 'ours' ? 2 : 1);
        return { kind: 'latency', contender, round, door, condition, p50, p99: 2 * p50, tunnelP50: p50 / 2, tunnelP99: p50 };
      })),
    ];
  }));
}

test('medians and percentiles are those of the values that are there', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.ok(Number.isNaN(median([])));
  assert.equal(percentile([5, 1, 4, 2, 3], 0.5), 3);
  assert.equal(percentile([1, 2, 3], 0.99), 3);
});

test('ratios are of medians, and a condition in which the other hangs has none', () => {
  const ratios = ratiosOf(samplesOf({ direct: 10, 'tls-pipe': 4, ours: 3, konnectivity: 2 }), idle);
  assert.equal(ratios.bulk_vs_konnectivity, 1.5);
  assert.equal(ratios.bulk_vs_tls_pipe, 0.75);
  assert.deepEqual([ratios.connect_p50_vs_konnectivity, ratios.connect_p99_vs_konnectivity, doorOfRatio.connect_p50_vs_konnectivity], [1.5, 1.5, 'unix']);
  assert.deepEqual([ratios.connect_tcp_p50_vs_konnectivity, ratios.connect_tcp_p99_vs_konnectivity, doorOfRatio.connect_tcp_p50_vs_konnectivity], [3, 3, 'tcp']);
  assert.equal(ratios.cpu_per_gb_vs_konnectivity, 1.5);
  assert.equal(ratios.bytes_per_idle_agent, 60_000);
});

test('the table and the plot name all contenders, and say who hung', () => {
  const samples = samplesOf({ direct: 10, 'tls-pipe': 4, ours: 3, konnectivity: 2 });
  const result: BenchResult = { startedAt: '', whole: true, host: {}, busy: [{ loadAverage: 1, used: 0.25, stolen: 0.05 }], versions: {}, rounds: 3, ratios: ratiosOf(samples, idle), doorOfRatio, idle, hangs: [{ contender: 'konnectivity', condition: 'stalled', afterMs: 15_000 }], samples };
  const table = tableOf(result);
  for (const name of contenders) assert.match(table, new RegExp(`\\| ${name} \\|`));
  assert.match(table, /konnectivity, stalled: no answer within 15 s/);
  assert.match(table, /others used 25 % \(and 5 % stolen\)/);
  assert.match(table, /60 KB of server memory each/);
  const plot = plotOf(result);
  for (const name of contenders) assert.ok(plot.includes(`>${name}<`));
  assert.ok(!plot.includes('NaN'));
});

test('a result with parts left out has a table and a plot too', () => {
  const samples = samplesOf({ direct: 10, 'tls-pipe': 4, ours: 3, konnectivity: 2 }).filter(({ contender, kind }) => contender === 'ours' && kind === 'bulk');
  const result: BenchResult = { startedAt: '', whole: false, host: {}, busy: [], versions: {}, rounds: 1, ratios: ratiosOf(samples), doorOfRatio, hangs: [], samples };
  assert.ok(!tableOf(result).includes('NaN'));
  assert.ok(!plotOf(result).includes('NaN'));
  // As it is read again: JSON has no NaN.
  assert.ok(!tableOf(JSON.parse(JSON.stringify(result)) as BenchResult).includes('null'));
});

test('the CPU time of a process is its own and that of its children that have ended', () => {
  assert.equal(cpuSecondsOf('7 (a ) b) S 1 7 7 0 -1 4194304 100 0 0 0 150 50 20 30 20 0 1 0 100 1000 200'), 2.5);
});

test('how busy a machine was is told by the ticks between two looks', () => {
  const busy = busyBetween(ticksOf('cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1'), ticksOf('cpu  130 0 120 840 0 0 0 10 0 0\ncpu0 1'), 2);
  assert.deepEqual(busy, { loadAverage: 2, used: 0.5, stolen: 0.1 });
});
