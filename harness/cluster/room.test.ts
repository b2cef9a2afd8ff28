import assert from 'node:assert/strict';
import { release } from 'node:os';
import { test } from 'node:test';
import { gib, totalMemory } from '../../core/memory.ts';
import { loadTopology } from '../../topologies/load.ts';
import type { Docker } from '../docker/docker.ts';
import { demandRoom, memoryFor } from './room.ts';

const signal = AbortSignal.timeout(20_000);
/** An engine whose `docker info` says so, whatever its socket is called. */
const engineOn = (total: number, kernel: string): Docker => ({ engine: { host: 'unix:///run/nobody.sock', private: false, version: 'none' }, run: async () => ({ stdout: `${total} ${kernel}\n` }) }) as unknown as Docker;

const topology = await loadTopology('two-sites');
const { sites: [site], ...rest } = await loadTopology('one-edge');
/** Fits no machine that runs this. */
const many = { ...rest, sites: [{ ...site!, nodes: Array.from({ length: 10_000 }, () => site!.nodes[0]!) }] };

test('of an engine on this machine it is asked what is left', async () => {
  await demandRoom(engineOn((await totalMemory())!, release()), await loadTopology('one-edge'), signal);
  await assert.rejects(demandRoom(engineOn((await totalMemory())!, release()), many, signal), { code: 'NO_ROOM', message: /^topology one-edge has 10002 nodes, which take about 3001\.0 GiB of memory, and this machine has [\d.]+ GiB left$/ });
});

test('an engine behind a local socket that is another machine is judged by its own memory, with both figures', async () => {
  const needed = memoryFor(topology);
  // By another kernel, as in a virtual machine; by another memory, as in one that has the same kernel.
  for (const kernel of ['6.8.0-colima', release()]) {
    await demandRoom(engineOn(needed, kernel), topology, signal);
    await assert.rejects(demandRoom(engineOn(needed - 1, kernel), topology, signal), { code: 'NO_ROOM', message: /^topology two-sites has 5 nodes, which take about 1\.9 GiB of memory, and the engine's machine has 1\.9 GiB in all$/ });
  }
  await demandRoom(engineOn(0, ''), topology, signal);
  // It may have more than this machine.
  await demandRoom(engineOn(100_000 * gib, '6.8.0-colima'), many, signal);
});
