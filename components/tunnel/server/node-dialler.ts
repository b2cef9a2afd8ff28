import { setTimeout as sleep } from 'node:timers/promises';
import { formatHostPort, type HostPort } from '../common/host-port.ts';
import type { Session } from '../protocol/index.ts';
import type { AgentRegistry } from './agent-registry.ts';
import { ConnectRefusal, isReachError, refusalOf, type ReachError } from './connect-refusal.ts';
import { latestLoss } from './loss.ts';
import type { Via } from './metrics.ts';
import { Opening } from './opening.ts';

export interface NodeDiallerOptions {
  readonly registry: AgentRegistry;
  /** Those of the other servers. */
  readonly peers: () => readonly Session[];
  /** How long a dial may take, all attempts together. Milliseconds. */
  readonly dialMs: number;
  /** An opened stream that nobody uses after all. */
  readonly discard: (opened: Opening, reason: string) => void;
}

export interface Reached {
  readonly opened: Opening;
  readonly via: Exclude<Via, 'direct'>;
}

/** After this time without an answer the session here may be one whose other end has gone unnoticed. Milliseconds. */
const aloneMs = 1000;
/** Between two looks for an agent that is on its way from one server to another. Milliseconds. */
const movingEveryMs = 100;

/** Opens streams to nodes, at whichever server their agents are. */
export class NodeDialler {
  readonly #options: NodeDiallerOptions;

  constructor(options: NodeDiallerOptions) {
    this.#options = options;
  }

  /** @throws ConnectRefusal with the reason, in which the node is named; anything once the signal is aborted */
  async dial(node: string, target: HostPort, signal: AbortSignal): Promise<Reached> {
    const deadline = performance.now() + this.#options.dialMs;
    for (;;) {
      const leftMs = Math.max(1, Math.round(deadline - performance.now()));
      const outcome = await this.#ask(node, formatHostPort(target), leftMs, signal);
      if (!Array.isArray(outcome)) return outcome;
      signal.throwIfAborted();
      const moving = this.#options.registry.isMoving(node) || outcome.some(({ code }) => code === 'DRAINING');
      if (!moving || performance.now() + movingEveryMs >= deadline) throw this.#refusal(node, outcome);
      await sleep(movingEveryMs, undefined, { signal });
    }
  }

  /** Asks the node's agent, when it is here, and otherwise all other servers at once. @returns why not, of each */
  async #ask(node: string, target: string, ms: number, signal: AbortSignal): Promise<Reached | ReachError[]> {
    const openings: Opening[] = [];
    const cancel = (): void => openings.forEach((one) => one.cancel());
    signal.addEventListener('abort', cancel, { once: true });
    const open = async (session: Session, via: Reached['via']): Promise<Reached> => {
      signal.throwIfAborted();
      const opened = new Opening(session, target, ms);
      openings.push(opened);
      await opened.reached;
      return { opened, via };
    };
    const here = this.#options.registry.get(node);
    const attempts: Promise<Reached>[] = [];
    let won: Reached | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      if (here !== undefined) {
        const own = open(here.session, 'agent');
        attempts.push(own);
        const alone = new Promise((resolve) => { timer = setTimeout(resolve, aloneMs, elsewhere); });
        const error = await Promise.race([own.then(() => undefined, (problem: unknown) => problem), alone]);
        if (error !== elsewhere && !isWorthAsking(error)) return (won = await own);
      }
      attempts.push(...this.#options.peers().map(async (session) => await open(session, 'peer')));
      return (won = await Promise.any(attempts));
    } catch (error) {
      const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
      const unexpected = errors.find((one) => !isReachError(one));
      if (unexpected !== undefined) throw unexpected;
      return errors as ReachError[];
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      cancel();
      // One that was opened in the same moment.
      for (const attempt of attempts) attempt.then((reached) => { if (reached !== won) this.#options.discard(reached.opened, 'another server was faster'); }, () => {});
    }
  }

  #refusal(node: string, problems: readonly ReachError[]): ConnectRefusal {
    const told = problems.find(({ code }) => code !== 'ABSENT' && code !== 'DRAINING');
    if (told !== undefined) return refusalOf(told, `node ${node}: `);
    // Whichever server had the agent last knows why it has it no more.
    const why = latestLoss([this.#options.registry.whyAbsent(node), ...problems.map(({ message }) => message)]);
    return new ConnectRefusal(503, `node ${node} is not connected: ${why ?? 'its agent has not been seen'}`);
  }
}

const elsewhere = Symbol('another server may have it');

/** Of a session that has just ended, or begun to drain: the node's agent may be at another server by now. */
const isWorthAsking = (error: unknown): boolean => isReachError(error) && ['LINK_LOST', 'DRAINING', 'REVOKED'].includes(error.code);
