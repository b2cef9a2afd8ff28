import type { PeerCertificate } from 'node:tls';
import { nodeNameOf } from '../common/node-name.ts';
import type { Session, SessionEnd, SessionHandler } from '../protocol/index.ts';

/** What an agent's session tells. */
export interface AgentSessionOwner {
  ready(agent: AgentSession): void;
  ended(agent: AgentSession, end: SessionEnd): void;
}

/**
 * A session of an agent, and what must be kept of its certificate: there may be a thousand, so no more than that. No
 * `stream`: an agent opens none.
 */
export class AgentSession implements SessionHandler {
  session!: Session;
  /** It has said HELLO, or has ended (its owner keeps this). */
  hasSpoken = false;
  /** Undefined: the certificate is not a node's. */
  readonly node: string | undefined;
  readonly serialNumber: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly #owner: AgentSessionOwner;

  constructor(certificate: Pick<PeerCertificate, 'subject' | 'serialNumber' | 'valid_to'>, owner: AgentSessionOwner) {
    this.node = nodeNameOf(certificate);
    this.serialNumber = certificate.serialNumber;
    this.expiresAt = Date.parse(certificate.valid_to);
    this.#owner = owner;
  }

  ready(): void {
    this.#owner.ready(this);
  }

  ended(end: SessionEnd): void {
    this.#owner.ended(this, end);
  }
}
