import type { TLSSocket } from 'node:tls';
import { nodeNameOf } from '../common/node-name.ts';
import { Session, type CreditBudget, type SessionConfig, type SessionEnd } from '../protocol/index.ts';
import type { AgentRegistry } from './agent-registry.ts';
import type { NodeDirectory } from './node-directory.ts';

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
  readonly events: AgentEvents;
  readonly budget: CreditBudget;
  readonly config?: Partial<SessionConfig>;
  /** True once this server is being stopped. */
  readonly draining: () => boolean;
  /** Whether a certificate was revoked, by its serial number (hex, as in the certificate). */
  readonly revoked?: (serialNumber: string) => boolean;
}

/** The longest delay that a timer takes; a certificate that is good for longer outlives the process. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Takes an agent in: who it is comes from its certificate alone, which TLS has verified. A session is for as long as that
 * certificate is valid and its node exists.
 */
export function acceptAgent(socket: TLSSocket, options: AgentsOptions): void {
  const { instance, directory, registry, events, budget, config } = options;
  const { subject, serialNumber, valid_to: validTo } = socket.getPeerCertificate();
  const node = nodeNameOf({ subject });
  const expiresInMs = Date.parse(validTo) - Date.now();
  let expiry: NodeJS.Timeout | undefined;
  const session: Session = new Session(socket, {
    side: 'tls-server',
    instance,
    budget,
    ...(config && { config }),
    handler: {
      ready: () => {
        const why = refusal();
        if (node === undefined || why !== undefined) {
          events.refused(node ?? '', why ?? '');
          return session.close(options.draining() ? 'DRAINING' : 'REVOKED', why ?? 'not a node');
        }
        if (expiresInMs < maxTimerMs) expiry = setTimeout(() => session.close('REVOKED', 'the certificate of this session has expired'), expiresInMs);
        registry.add(node, session);
        events.connected(node, session);
      },
      ended: (end) => {
        clearTimeout(expiry);
        if (node === undefined) return;
        registry.remove(node, session, end);
        events.ended(node, session, end);
      },
    },
  });

  function refusal(): string | undefined {
    if (node === undefined) return 'the certificate is not a node\'s (CN=system:node:NAME, O=system:nodes)';
    if (options.draining()) return 'this server is being stopped';
    if (options.revoked?.(serialNumber) === true) return 'the certificate was revoked';
    return directory.get(node) === undefined ? `there is no node ${node} (yet)` : undefined;
  }
}
