import assert from 'node:assert/strict';
import { test } from 'node:test';
import { samplesOfAnswers } from './asking.ts';
import { mergeRepeats, mostTelling } from './happening.ts';
import { Samples } from './samples.ts';
import { samplesOfPings, samplesOfRequests } from './steady-stream.ts';

test('looks of one second are one cell, with the slowest and the first reason', () => {
  const samples = new Samples();
  for (const at of [5100, 5900]) samples.add('pings', { at, ms: at === 5100 ? 3.21 : 7 });
  samples.add('pings', { at: 7000, why: 'lost' });
  samples.add('pings', { at: 7100, why: 'lost otherwise' });
  samples.add('pings', { at: 7200, ms: 1 });
  assert.deepEqual(samples.lanes(), [{ what: 'pings', from: 5000, cells: [[0, 2, 0, 7, null], [2, 1, 2, 1, 0]], whys: ['lost'] }]);
});

test('of more lanes than a page can show, those that saw something go wrong are kept', () => {
  const samples = new Samples();
  for (let lane = 0; lane < 40; lane++) samples.add(`lane ${lane}`, { at: lane * 1000, ...(lane === 39 && { why: 'gone' }) });
  const kept = samples.lanes().map(({ what }) => what);
  assert.equal(kept.length, 10);
  assert.ok(kept.includes('lane 39'));
});

test('who is asked for all of it again does not count twice', () => {
  const samples = new Samples();
  for (const _ of [1, 2]) samples.replace('questions', [{ at: 1000 }, { at: 1001 }]);
  assert.deepEqual(samples.lanes()[0]!.cells, [[0, 2, 0, null, null]]);
});

test('a lane of what is waited for says so', () => {
  const samples = new Samples();
  samples.add('app running', { at: 1000, waits: true, why: 'not yet' });
  assert.equal(samples.lanes()[0]!.waits, true);
});

test('pings, requests and questions are told by when each was sent', () => {
  const pings = 'PING 10.244.3.5 (10.244.3.5) 56(84) bytes of data.\n64 bytes from 10.244.3.5: icmp_seq=1 ttl=64 time=0.081 ms\n64 bytes from 10.244.3.5: icmp_seq=3 ttl=64 time=0.5 ms\n\n3 packets transmitted, 2 received, 33% packet loss\n';
  assert.deepEqual(samplesOfPings(pings, 1000), [{ at: 1000, ms: 0.081 }, { at: 1100, why: 'no answer' }, { at: 1200, ms: 0.5 }]);
  const good = '{"uid":"u1"}\n200 \u001f0.004\u001e\n';
  assert.deepEqual(samplesOfRequests(`pid 7\n${good}\n000 Connection timed out\u001f1.001\u001e\n${good}`, 'u1', 1000), [{ at: 1000, ms: 4 }, { at: 1100, why: 'Connection timed out' }, { at: 2101, ms: 4 }]);
  assert.deepEqual(samplesOfAnswers('100 answered 0.2\n101 http://10.0.0.1/: curl: (28) timed out\n102\n'), [{ at: 100_000, ms: 200 }, { at: 101_000, why: 'http://10.0.0.1/: curl: (28) timed out' }]);
});

test('repeats are told once, but for the few moments of what is no trouble', () => {
  assert.deepEqual(mergeRepeats([{ at: 1, what: 'a 1 failed', bad: true }, { at: 2, what: 'a 2 failed', bad: true }, { at: 3, what: 'b' }, { at: 4, what: 'b' }]),
    [{ at: 1, what: 'a 1 failed', bad: true, count: 2, until: 2 }, { at: 3, what: 'b' }, { at: 4, what: 'b' }]);
  assert.deepEqual(mergeRepeats([1, 2, 3, 4].map((at) => ({ at, what: 'b' }))), [{ at: 1, what: 'b', count: 4, until: 4 }]);
  const many = [{ at: 1, what: 'early' }, { at: 2, what: 'later' }, { at: 3, what: 'wrong', bad: true as const }];
  assert.deepEqual(mostTelling(many, 2), { kept: [many[0], many[2]], left: 1 });
});
