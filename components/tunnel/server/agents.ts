import type { TLSSocket } from 'node:tls';
import { cut, Session, type CreditBudget, type ReasonCode, type SessionConfig, type SessionEnd } from '../protocol/index.ts';
import type { AgentRegistry } from './agent-registry.ts';
import { AgentSession, type AgentSessionOwner } from './agent-session.ts';
import type { NodeDirectory } from './node-directory.ts';
import type { Revocations } from './revocations.ts';

/** For logs and metrics. */
export interface AgentEvents {
  connected(node: string, session: Session): void;
  refused(node: string, reason: string): void;
  ended(node: string, session: Session, end: SessionEnd): void;
}

export interface AgentsOptions {
  readonly instance: string;
  readonly directory: NodeDirectory;
  readonly registry: AgentRegistry;
  readonly revocations: Revocations;
  readonly events: AgentEvents;
  readonly budget: CreditBudget;
  readonly config?: Partial<SessionConfig>;
}

/** An agent dials one after the other: more at once without a HELLO are somebody else's, with its certificate. */
const maxSilent = 8;

interface Refusal {
  readonly code: ReasonCode;
  readonly reason: string;
}

/**
 * Takes agents in: who one is comes from its certificate alone, which TLS has verified. A session is for as long as that
 * certificate is good and its node exists.
 */
export class Agents implements AgentSessionOwner {
  readonly #options: AgentsOptions;
  #leaving = false;
  /** How many sessions each node has that have said no HELLO yet. */
  readonly #silent = new Map<string, number>();

  constructor(options: AgentsOptions) {
    this.#options = options;
  }

  accept(socket: TLSSocket): void {
    const { instance, budget, config } = this.#options;
    const agent = new AgentSession(socket.getPeerCertificate(), this);
    const name = agent.node ?? '';
    const silent = this.#silent.get(name) ?? 0;
    if (silent >= maxSilent) return cut(socket);
    this.#silent.set(name, silent + 1);
    agent.session = new Session(socket, { side: 'tls-server', instance, budget, handler: agent, ...(config && { config }) });
  }

  /** Sends all agents to other servers, and takes in no more. */
  leave(reason: string): void {
    this.#leaving = true;
    this.#options.registry.sendAway(reason);
  }

  /** Cuts the sessions whose certificate is no longer good: it has expired, or was revoked. */
  review(): void {
    for (const agent of this.#options.registry.all()) {
      const refusal = this.#certificateRefusal(agent);
      if (refusal !== undefined) agent.session.close(refusal.code, refusal.reason);
    }
  }

  // AgentSessionOwner

  ready(agent: AgentSession): void {
    const { registry, events } = this.#options;
    this.#spoke(agent);
    const refusal = this.#refusal(agent);
    if (refusal !== undefined) {
      events.refused(agent.node ?? '', refusal.reason);
      return agent.session.close(refusal.code, refusal.reason);
    }
    registry.add(agent.node!, agent);
    events.connected(agent.node!, agent.session);
  }

  ended(agent: AgentSession, end: SessionEnd): void {
    const { registry, events, directory } = this.#options;
    this.#spoke(agent);
    if (agent.node === undefined) return;
    const wasTakenIn = registry.remove(agent.node, agent);
    // Of a node that there is not nothing is kept: names would pile up.
    if (directory.get(agent.node) !== undefined) registry.noteLoss(agent.node, end);
    if (wasTakenIn) events.ended(agent.node, agent.session, end);
  }

  /** It has said HELLO, or has ended. */
  #spoke(agent: AgentSession): void {
    if (agent.hasSpoken) return;
    agent.hasSpoken = true;
    const name = agent.node ?? '';
    const left = (this.#silent.get(name) ?? 0) - 1;
    if (left > 0) this.#silent.set(name, left);
    else this.#silent.delete(name);
  }

  #refusal(agent: AgentSession): Refusal | undefined {
    const { directory } = this.#options;
    if (agent.node === undefined) return { code: 'FORBIDDEN', reason: 'the certificate is not a node\'s (CN=system:node:NAME, O=system:nodes)' };
    if (this.#leaving) return { code: 'DRAINING', reason: 'this server is being stopped' };
    if (!directory.synced) return { code: 'BUSY', reason: 'the nodes of the cluster are not known here yet' };
    if (directory.get(agent.node) === undefined) return { code: 'REVOKED', reason: `there is no node ${agent.node} (yet)` };
    return this.#certificateRefusal(agent);
  }

  #certificateRefusal({ serialNumber, expiresAt }: AgentSession): Refusal | undefined {
    if (this.#options.revocations.has(serialNumber)) return { code: 'REVOKED', reason: 'the certificate was revoked' };
    // TLS looks at the dates at the handshake only.
    return Date.now() >= expiresAt ? { code: 'REVOKED', reason: 'the certificate of this session has expired' } : undefined;
  }
}
