import { release } from 'node:os';
import { CannotTellError } from '../../core/errors.ts';
import { availableMemory, gib, inGib, totalMemory } from '../../core/memory.ts';
import type { Topology } from '../../topologies/schema.ts';
import type { Docker } from '../docker/docker.ts';
import { planNodes } from './plan-nodes.ts';

/** Measured: the default topology of 5 nodes takes 1.9 GB of the machine with `reference`, a third of that its control plane. */
const forTheCloud = 0.4 * gib;
const forEachNode = 0.3 * gib;

/** Bytes of memory that a cluster of that topology takes at rest; what features run on it comes on top. */
export const memoryFor = (topology: Topology): number => forTheCloud + forEachNode * planNodes('', topology).length;

/** Memory of the machine that the engine runs on, in bytes, and what is known of it. */
export interface Room {
  readonly bytes: number;
  readonly says: string;
}

/**
 * What the engine's machine has left, when that is this one; else what it has in all, which is the most that it can have. Its socket does not tell: behind a
 * `unix://` may be a virtual machine (Docker Desktop, colima, lima) or an `ssh -L`, and `tcp://` may be this host. Its kernel does: release and memory in all, to the
 * byte (of `docker info`, which reads /proc/meminfo). Not its name, which is another one in a container that was given the host's socket. Undefined: it does not say.
 */
async function roomOf(docker: Docker, signal: AbortSignal): Promise<Room | undefined> {
  const [said, kernel] = (await docker.run(['info', '--format', '{{.MemTotal}} {{.KernelVersion}}'], { timeoutMs: 15_000, signal })).stdout.trim().split(' ');
  const total = Number(said);
  if (!(total > 0)) return undefined;
  const left = kernel === release() && total === (await totalMemory()) ? await availableMemory() : undefined;
  return left === undefined ? { bytes: total, says: `the engine's machine has ${inGib(total)} in all` } : { bytes: left, says: `this machine has ${inGib(left)} left` };
}

/**
 * Before anything is built for it: a machine that runs out of memory ends the next process that asks, which looks like a fault that nobody injected.
 *
 * @throws CannotTellError `NO_ROOM`; ExecError when the engine does not answer
 */
export async function demandRoom(docker: Docker, topology: Topology, signal: AbortSignal): Promise<void> {
  const [needed, room] = [memoryFor(topology), await roomOf(docker, signal)];
  if (room === undefined || room.bytes >= needed) return;
  const nodes = planNodes('', topology).length;
  throw new CannotTellError('NO_ROOM', `topology ${topology.name} has ${nodes} nodes, which take about ${inGib(needed)} of memory, and ${room.says}`, { next: 'take fewer nodes (edgeproof topology list), end what else runs, or use a larger machine' });
}
