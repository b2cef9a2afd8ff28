import { CannotTellError } from '../../core/errors.ts';
import { availableMemory, gib, inGib } from '../../core/memory.ts';
import type { Topology } from '../../topologies/schema.ts';
import type { Docker } from '../docker/docker.ts';
import { planNodes } from './plan-nodes.ts';

/** Measured: the default topology of 5 nodes takes 1.9 GB of the machine with `reference`, a third of that its control plane. */
const forTheCloud = 0.4 * gib;
const forEachNode = 0.3 * gib;

/** Bytes of memory that a cluster of that topology takes at rest; what features run on it comes on top. */
export const memoryFor = (topology: Topology): number => forTheCloud + forEachNode * planNodes('', topology).length;

/** Bytes of memory that the engine's machine has left; of an engine elsewhere, that it has in all. */
async function memoryOf(docker: Docker, signal: AbortSignal): Promise<number> {
  const local = docker.engine.host.startsWith('unix://') ? await availableMemory() : undefined;
  if (local !== undefined) return local;
  return Number((await docker.run(['info', '--format', '{{.MemTotal}}'], { timeoutMs: 15_000, signal })).stdout.trim());
}

/**
 * Before anything is built for it: a machine that runs out of memory ends the next process that asks, which looks like a fault that nobody injected.
 *
 * @param has bytes that the machine has; looked up when left out
 * @throws CannotTellError `NO_ROOM`
 */
export async function demandRoom(docker: Docker, topology: Topology, signal: AbortSignal, has?: number): Promise<void> {
  const [needed, there] = [memoryFor(topology), has ?? (await memoryOf(docker, signal))];
  if (there >= needed) return;
  const nodes = planNodes('', topology).length;
  throw new CannotTellError('NO_ROOM', `topology ${topology.name} has ${nodes} nodes, which take about ${inGib(needed)} of memory, and this machine has ${inGib(there)} left`, { next: 'take fewer nodes (edgeproof topology list), end what else runs, or use a larger machine' });
}
