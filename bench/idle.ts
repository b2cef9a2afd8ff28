import { nodeFlags } from '../components/tunnel/common/node-flags.ts';
import { waitFor } from '../core/wait.ts';
import { NodeChild } from './child.ts';
import type { BenchCredentials } from './credentials.ts';
import type { Idle } from './result.ts';

interface Memory { rss: number; heap: number }
interface Ports { port: number; agentsPort: number }

/** What a server holds for agents that do nothing, and how long they take to come back to a new one. */
export async function measureIdle(options: { credentials: BenchCredentials; agents: number; signal: AbortSignal; detail: (text: string) => void }): Promise<Idle> {
  const { credentials: { folder }, agents: count, signal, detail } = options;
  const wait = async (what: string, look: () => Promise<number>): Promise<void> => await waitFor(what, async () => {
    const seen = await look();
    detail(`${seen} of ${count} agents`);
    return seen === count ? { done: undefined } : { missing: `${seen} of ${count}` };
  }, { timeoutMs: 180_000, everyMs: 100, signal });
  const serve = async (nodes: number, agentsPort = 0): Promise<NodeChild<Ports>> => await NodeChild.start<Ports>('ours-server', [folder, 1, nodes, agentsPort], nodeFlags);
  const first = await serve(count);
  await using stack = new AsyncDisposableStack();
  stack.use(first);
  const { agentsPort } = first.facts;
  // One has come and gone: what the first of all needs is not the thousandth's.
  {
    await using _one = await NodeChild.start<object>('ours-agents', [folder, agentsPort, 1, 1]);
    await waitFor('the first agent', async () => ((await first.ask<number>('nodes')) === 1 ? { done: true } : { missing: 'it is not there' }), { timeoutMs: 20_000, signal });
  }
  const before = await first.ask<Memory>('memory');
  const agents = stack.use(await NodeChild.start<object>('ours-agents', [folder, agentsPort, 1, count]));
  await wait('all agents connected', async () => await first.ask<number>('nodes'));
  await wait('all agents ready', async () => await agents.ask<number>('connected'));
  const after = await first.ask<Memory>('memory');
  await first[Symbol.asyncDispose]();
  const restartedAt = performance.now();
  const second = stack.use(await serve(count, agentsPort));
  await wait('all agents back', async () => await second.ask<number>('nodes'));
  return {
    agents: count,
    residentBytesPerAgent: (after.rss - before.rss) / count,
    heapBytesPerAgent: (after.heap - before.heap) / count,
    allBackMs: performance.now() - restartedAt,
  };
}
