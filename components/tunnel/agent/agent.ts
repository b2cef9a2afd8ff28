import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Registry } from 'prom-client';
import { describeError, EdgeproofError } from '../../../core/errors.ts';
import { Backoff } from '../common/backoff.ts';
import { connectSession } from '../common/connect-session.ts';
import type { HostPort } from '../common/host-port.ts';
import type { Log } from '../common/log.ts';
import { CreditBudget, type SessionConfig, type TunnelStream } from '../protocol/index.ts';
import { AllowList, type AllowListOptions } from './allow-list.ts';
import type { Credentials } from './credentials.ts';
import { Link } from './link.ts';
import { AgentMetrics } from './metrics.ts';
import { serveStream, type StreamEvents } from './serve-stream.ts';

export interface AgentOptions extends Omit<AllowListOptions, 'nodeName'> {
  readonly log: Log;
  readonly credentials: Credentials;
  /** The load balancer in front of the tunnel servers. */
  readonly server: HostPort;
  /** The longest wait between two dials of the server. Milliseconds. */
  readonly reconnectCapMs: number;
  readonly connectTimeoutMs: number;
  /** How often the certificate files are looked at. Milliseconds. */
  readonly refreshMs: number;
  /** All streams' buffers together. */
  readonly memoryBytes: number;
  readonly session?: Partial<SessionConfig>;
}

/** After a good session that was lost: a thousand agents lose one server in the same moment. */
export const firstWaitMs = 1000;

/** The edge's end of the tunnel: one session to the cloud, over which the cloud reaches this node and nothing else. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #metrics: AgentMetrics;
  readonly #link: Link;

  constructor(options: AgentOptions) {
    const { credentials, server, connectTimeoutMs, session } = options;
    this.#options = options;
    this.#metrics = new AgentMetrics(() => this.#link.sessions, () => ({ ca: credentials.tls.ca }));
    const allowList = new AllowList({ ...options, nodeName: credentials.nodeName });
    this.#link = new Link({
      instance: `${hostname()}-${randomBytes(4).toString('hex')}`,
      connect: async (signal) => await connectSession({ server, tls: credentials.tls, timeoutMs: connectTimeoutMs, signal }),
      budget: new CreditBudget(options.memoryBytes),
      ...(session && { config: session }),
      backoff: new Backoff({ baseMs: firstWaitMs, capMs: options.reconnectCapMs }),
      stream: (stream, deadlineMs) => serveStream(stream, deadlineMs, allowList, this.#streamEvents),
      events: this.#linkEvents,
    });
  }

  get metrics(): Registry {
    return this.#metrics.registry;
  }

  /** Why the cloud cannot reach this node, or undefined. */
  get notReady(): string | undefined {
    return this.#link.current === undefined ? 'no session to a tunnel server' : undefined;
  }

  /** Runs until aborted; streams may then go on for `drainMs`. */
  async run(signal: AbortSignal, drainMs: number): Promise<void> {
    const { log, server, credentials, refreshMs } = this.#options;
    const refresh = setInterval(() => {
      if (!credentials.refresh()) return;
      log.info('certificates changed: moving to a new session');
      this.#link.renew();
    }, refreshMs);
    try {
      log.info({ server }, 'started');
      await this.#link.run(signal, drainMs);
    } finally {
      clearInterval(refresh);
    }
  }

  readonly #streamEvents: StreamEvents = {
    dialled: ({ id, target }, ms) => {
      this.#metrics.dialSeconds.observe('', ms / 1000);
      this.#options.log.debug({ stream: id, target, ms }, 'connected');
    },
    refused: ({ id, target }, code, reason) => {
      this.#metrics.refused.inc({ reason: code });
      this.#options.log.warn({ stream: id, target, code, reason }, 'not connected');
    },
    done: (stream: TunnelStream, error) => {
      this.#metrics.meter.closed(stream);
      const { id, target, sentBytes, receivedBytes } = stream;
      this.#options.log.debug({ stream: id, target, sentBytes, receivedBytes, ...(error && { code: error.code, reason: error.message, by: error.by }) }, 'stream over');
    },
  };

  readonly #linkEvents: ConstructorParameters<typeof Link>[0]['events'] = {
    connected: ({ peerInstance }) => {
      this.#metrics.connects.inc();
      this.#options.log.info({ server: peerInstance }, 'session open');
    },
    draining: ({ peerInstance }, reason) => this.#options.log.info({ server: peerInstance, reason }, 'session is being drained: moving'),
    ended: ({ peerInstance }, end) => this.#options.log.info({ server: peerInstance, ...end, ...this.#certificate }, 'session over'),
    failed: (error, waitMs) => {
      this.#metrics.connectFailures.inc({ reason: error instanceof EdgeproofError ? error.code : 'INTERNAL' });
      this.#options.log.warn({ reason: describeError(error), ...this.#certificate, nextInMs: Math.round(waitMs) }, 'no session');
    },
  };

  /** For logs: why servers end every session at once, when it is for what this end comes with. */
  get #certificate(): { readonly certificate?: string } {
    const { expiredAt } = this.#options.credentials;
    return expiredAt === undefined ? {} : { certificate: `this node's has expired at ${expiredAt.toISOString()}` };
  }
}
