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
  const [calm, burst, worse] = [latencies([200, 210, 260]), latencies([200, 300, 500]), latencies([200, 300, 560])];
  assert.equal(await measured(calm, burst), calm);
  assert.equal(await measured(burst, latencies([200, 210, 220], [4, 5, 50]), calm), calm);
  assert.equal(await measured(worse, worse, burst, worse, worse, worse, calm), burst);
});

test('what spreads so much in all batches that something twice as slow would be missed is no measurement', async () => {
  let measured = 0;
  const always = (batch: Latencies) => async (): Promise<Latencies> => {
    measured += 1;
    return batch;
  };
  const wild = { name: 'CannotTellError', code: 'NOT_CALM', message: /2\.10 and 1\.20 times the median/ };
  await assert.rejects(measureCalm(always(latencies([200, 300, 630]))), wild);
  assert.equal(measured, 6);
  // Of the lines too, and whatever is within the bound counts.
  await assert.rejects(measureCalm(always(latencies([200, 210, 220], [4, 5, 10.1]))), { code: 'NOT_CALM' });
  const within = latencies([200, 300, 600], [4, 5, 10]);
  assert.equal(await measureCalm(always(within)), within);
});
