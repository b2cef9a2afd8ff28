import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTopology } from '../../topologies/load.ts';
import { Docker } from '../docker/docker.ts';
import { demandRoom, memoryFor } from './room.ts';

const signal = AbortSignal.timeout(20_000);
const docker = new Docker({ host: 'unix:///run/nobody.sock', private: false, version: 'none' });

test('a topology with more nodes than the machine has memory for is refused, with both figures', async () => {
  const topology = await loadTopology('two-sites');
  const needed = memoryFor(topology);
  await demandRoom(docker, topology, signal, needed);
  await assert.rejects(demandRoom(docker, topology, signal, needed - 1), { code: 'NO_ROOM', message: /^topology two-sites has 5 nodes, which take about 1\.9 GiB of memory, and this machine has 1\.9 GiB left$/ });
});

test('ten thousand nodes fit no machine that runs this', async () => {
  const { sites: [site], ...rest } = await loadTopology('one-edge');
  const many = { ...rest, sites: [{ ...site!, nodes: Array.from({ length: 10_000 }, () => site!.nodes[0]!) }] };
  await assert.rejects(demandRoom(docker, many, signal), { code: 'NO_ROOM' });
});
