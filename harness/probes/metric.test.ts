import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Docker } from '../docker/docker.ts';
import { readMetric } from './metric.ts';

const node = (stdout: string, stderr = ''): Docker => ({ exec: async () => ({ code: 0, stdout, stderr }) }) as unknown as Docker;
const read = async (docker: Docker, metric = 'streams'): Promise<number> => await readMetric(docker, 'edge', 'http://127.0.0.1:1/metrics', metric);

test('the series of a metric are summed; others whose names begin alike are not', async () => {
  assert.equal(await read(node('# HELP streams of it\nstreams{side="a b"} 3\nstreams{side="c"} 4 1700000000\nstreams_total 100\n')), 7);
  assert.equal(await read(node('streams 0\n')), 0);
  assert.equal(await read(node('streams{side="a b"} 3\nstreams{side="c"} 4\n'), 'streams{side="c"}'), 4);
});

test('a metric that is not told is no zero', async () => {
  await assert.rejects(read(node('', 'curl: (7) Failed to connect')), { code: 'NO_METRIC', message: /edge reads no streams at http:.*Failed to connect/ });
  await assert.rejects(read(node('other 1\n')), { code: 'NO_METRIC' });
});
