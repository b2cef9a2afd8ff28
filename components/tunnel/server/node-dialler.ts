import { setTimeout as sleep } from 'node:timers/promises';
import { formatHostPort, type HostPort } from '../common/host-port.ts';
import type { Session } from '../protocol/index.ts';
import type { AgentRegistry } from './agent-registry.ts';
import { Ask, type AskError, type Reached } from './ask.ts';
import { ConnectRefusal, refusalOf } from './connect-refusal.ts';
import { latestLoss } from './loss.ts';
import type { Waiter } from './waiter.ts';

export interface NodeDiallerOptions {
  readonly registry: AgentRegistry;
  /** Those of the other servers. */
  readonly peers: () => readonly Session[];
  /** How long a dial may take, all attempts together. Milliseconds. */
  readonly dialMs: number;
}

/** Between two looks for an agent that is on its way from one server to another. Milliseconds. */
const movingEveryMs = 100;

/** Opens streams to nodes, at whichever server their agents are. */
export class NodeDialler {
  readonly #options: NodeDiallerOptions;

  constructor(options: NodeDiallerOptions) {
    this.#options = options;
  }

  /** @throws ConnectRefusal with the reason, in which the node is named: of a waiter that has left, whatever it was */
  async dial(node: string, target: HostPort, waiter: Waiter): Promise<Reached> {
    const { registry, peers, dialMs } = this.#options;
    const deadline = performance.now() + dialMs;
    for (;;) {
      const deadlineMs = Math.max(1, Math.round(deadline - performance.now()));
      const ask = new Ask({ here: registry.get(node)?.session, peers, target: formatHostPort(target), deadlineMs });
      waiter.onLeft = () => ask.cancel();
      const outcome = await ask.outcome;
      if ('opened' in outcome) return outcome;
      const moving = registry.isMoving(node) || outcome.some(({ code }) => code === 'DRAINING');
      if (!moving || waiter.hasLeft || performance.now() + movingEveryMs >= deadline) throw this.#refusal(node, outcome);
      await sleep(movingEveryMs);
      if (waiter.hasLeft) throw this.#refusal(node, outcome);
    }
  }

  #refusal(node: string, problems: readonly AskError[]): ConnectRefusal {
    const told = problems.find(({ code }) => code !== 'ABSENT' && code !== 'DRAINING');
    if (told !== undefined) return refusalOf(told, `node ${node}: `);
    // Whichever server had the agent last knows why it has it no more.
    const why = latestLoss([this.#options.registry.whyAbsent(node), ...problems.map(({ message }) => message)]);
    return new ConnectRefusal(503, `node ${node} is not connected: ${why ?? 'its agent has not been seen'}`);
  }
}
