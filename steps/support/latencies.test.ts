import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureCalm, medianOf, slowed, type Latencies } from './latencies.ts';

const latencies = (execs: number[], lines: number[] = [4, 5, 6]): Latencies => ({ execs, lines });

test('slower than noise is who takes longer half of the time than ever before', () => {
  const before = latencies([200, 210, 260, 205, 220]);
  assert.deepEqual(slowed(before, latencies([250, 255, 900, 260, 240])), []);
  assert.deepEqual(slowed(before, latencies([250, 270, 265, 280, 240])), ['a kubectl exec took 210 ms and at most 260 ms before, and takes 265 ms now (medians of 5)']);
  assert.match(slowed(before, latencies([200], [7, 6.5, 5]))[0]!, /^the last line of a log took 5\.0 ms and at most 6\.0 ms before, and takes 6\.5 ms/);
});

test('the median is of the values, whatever their order', () => assert.equal(medianOf([3, 1, 2]), 2));

test('what a burst of other work stretches is measured again; of bursts alone the least counts', async () => {
  const measured = async (...batches: Latencies[]): Promise<Latencies> => await measureCalm(async () => batches.shift()!);
  const [calm, burst, worse] = [latencies([200, 210, 260]), latencies([200, 300, 800]), latencies([200, 300, 900])];
  assert.equal(await measured(calm, burst), calm);
  assert.equal(await measured(burst, latencies([200, 210, 220], [4, 5, 50]), calm), calm);
  assert.equal(await measured(worse, worse, burst, worse, worse, worse, calm), burst);
});
