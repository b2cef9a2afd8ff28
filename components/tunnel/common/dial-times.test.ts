import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram, Registry } from 'prom-client';
import { DialTimes } from './dial-times.ts';

const help = 'Dials.';
const bounds = [0.001, 0.01, 1];
const seconds = [0, 0.0005, 0.001, 0.002, 0.5, 1, 3];

test('times are printed as a histogram of prom-client prints them', async () => {
  for (const label of [undefined, 'via']) {
    const [ours, theirs] = [new Registry(), new Registry()];
    const via = label === undefined ? '' : 'agent';
    const times = new DialTimes(ours, label === undefined ? [''] : ['agent', 'unused'], { help, bounds });
    const histogram = new Histogram({ name: 'edge_tunnel_dial_seconds', help, buckets: [...bounds], labelNames: label === undefined ? [] : [label], registers: [theirs] });
    for (const one of seconds) {
      times.observe(via, one);
      histogram.observe(label === undefined ? {} : { via }, one);
    }
    assert.equal(await ours.metrics(), await theirs.metrics());
    assert.deepEqual(await ours.getMetricsAsJSON(), JSON.parse(JSON.stringify(await theirs.getMetricsAsJSON()).replaceAll('"exemplar":null,', '')));
    assert.equal(times.count(via), seconds.length);
  }
});
