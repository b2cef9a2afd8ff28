import { joinSockets } from '../common/join-sockets.ts';
import { dial, DialError } from '../common/dial.ts';
import { formatHostPort, parseHostPort, type HostPort } from '../common/host-port.ts';
import { Splice, StreamError, SessionUnavailableError, type ReasonCode, type Session, type TunnelStream } from '../protocol/index.ts';
import type { AgentRegistry } from './agent-registry.ts';
import { ConnectRefusal, type ConnectRequest } from './connect-front.ts';
import { openStream, type OpenedStream } from './open-stream.ts';
import { joinPeer } from './peers.ts';
import type { Router } from './router.ts';

/** For logs and metrics. */
export interface TunnelEvents {
  /** A CONNECT was answered with 200. */
  connected(request: ConnectRequest, via: 'agent' | 'peer' | 'direct', ms: number): void;
  /** A stream of this server is over. */
  done(stream: TunnelStream, error: StreamError | undefined): void;
}

export interface TunnelServerOptions {
  readonly router: Router;
  readonly registry: AgentRegistry;
  /** Those of the other servers. */
  readonly sessions: () => readonly Session[];
  /** How long the dial of a target may take. The apiserver bounds none of its own. Milliseconds. */
  readonly dialMs: number;
  readonly events: TunnelEvents;
}

const established = 'HTTP/1.1 200 Connection Established\r\n\r\n';

const statusOf: Partial<Record<ReasonCode, number>> = { FORBIDDEN: 403, TIMEOUT: 504, BUSY: 503, ABSENT: 503, DRAINING: 503, LINK_LOST: 503, REVOKED: 503 };

/** Carries CONNECTs to where their targets are. */
export class TunnelServer {
  readonly #options: TunnelServerOptions;

  constructor(options: TunnelServerOptions) {
    this.#options = options;
  }

  /** @throws ConnectRefusal with the reason, in which an edge node is named */
  async connect(request: ConnectRequest): Promise<void> {
    const { router, events } = this.#options;
    const startedAt = performance.now();
    const route = router.route(request.target, request.reach);
    if (route.kind === 'refused') throw new ConnectRefusal(route.status, route.reason);
    if (route.kind === 'direct') return await this.#direct(request, route.target, startedAt);
    const { opened, via } = await this.#reach(route.node, route.target);
    const { socket, head } = request;
    if (socket.destroyed) return opened.stream.reset('CANCELLED', 'the client has gone');
    events.connected(request, via, performance.now() - startedAt);
    socket.write(established);
    const splice = new Splice(socket, opened.stream, { failure: 'CANCELLED', done: (error) => events.done(opened.stream, error) });
    opened.handOver(splice);
    splice.start(head);
  }

  /** A peer asks for a node that may be connected here. Never asked on: two servers cannot send a stream in circles. */
  async serve(asked: TunnelStream, deadlineMs: number): Promise<void> {
    const { router, registry, events } = this.#options;
    const target = parseHostPort(asked.target);
    const route = target === undefined ? undefined : router.route(target, 'cluster');
    if (route?.kind !== 'agent') return asked.reset('FORBIDDEN', `${asked.target} is not at the edge`);
    const session = registry.get(route.node);
    if (session === undefined) return asked.reset('ABSENT', this.#whyAbsent(route.node) ?? '');
    const abort = new AbortController();
    asked.onClosedEarly = () => abort.abort();
    try {
      const opened = await openStream(session, formatHostPort(route.target), deadlineMs, abort.signal);
      if (asked.isClosed) return opened.stream.reset('CANCELLED', 'the peer has gone');
      joinPeer(asked, opened, () => events.done(asked, undefined));
    } catch (error) {
      const { code, message } = error as StreamError | SessionUnavailableError;
      asked.reset(code === 'DRAINING' ? 'ABSENT' : code, message);
    }
  }

  async #direct(request: ConnectRequest, target: HostPort, startedAt: number): Promise<void> {
    const { dialMs, events } = this.#options;
    const socket = await dial(target, dialMs).catch((error: DialError) => {
      throw new ConnectRefusal(statusOf[error.code] ?? 502, error.message);
    });
    if (request.socket.destroyed) return void socket.destroy();
    events.connected(request, 'direct', performance.now() - startedAt);
    request.socket.write(established);
    if (request.head.length > 0) socket.write(request.head);
    joinSockets(request.socket, socket, () => {});
  }

  async #reach(node: string, target: HostPort): Promise<{ opened: OpenedStream; via: 'agent' | 'peer' }> {
    const { registry, sessions, dialMs } = this.#options;
    const where = formatHostPort(target);
    const here = registry.get(node);
    let problem: StreamError | SessionUnavailableError | undefined;
    if (here !== undefined) {
      try {
        return { opened: await openStream(here, where, dialMs, new AbortController().signal), via: 'agent' };
      } catch (error) {
        problem = error as StreamError | SessionUnavailableError;
        // A session that has just begun to drain: the node's agent may be at another server by now.
        if (problem.code !== 'DRAINING') throw refusalOf(node, problem);
      }
    }
    try {
      return { opened: await firstOpened(sessions(), where, dialMs), via: 'peer' };
    } catch (error) {
      const causes = error instanceof AggregateError ? (error.errors as (StreamError | SessionUnavailableError)[]) : [];
      const told = causes.find(({ code }) => code !== 'ABSENT');
      if (told !== undefined) throw refusalOf(node, told);
      // Whichever server had the agent last knows why it has it no more.
      const why = [this.#whyAbsent(node), ...causes.map(({ message }) => message)].find((reason) => reason !== undefined && reason !== '');
      throw new ConnectRefusal(503, `node ${node} is not connected: ${why ?? 'its agent has not been seen'}`);
    }
  }

  /** Why a node's agent is not here, if it ever was. */
  #whyAbsent(node: string): string | undefined {
    const loss = this.#options.registry.lastLoss(node);
    if (loss === undefined) return undefined;
    return `its agent was lost ${Math.round((Date.now() - loss.at) / 1000)} s ago: ${loss.reason}`;
  }
}

const refusalOf = (node: string, { code, message }: StreamError | SessionUnavailableError): ConnectRefusal => new ConnectRefusal(statusOf[code] ?? 502, `node ${node}: ${message}`);

/** Asks all peers at once; the first that reached the target has it, the others are let go. @throws AggregateError when none did */
async function firstOpened(sessions: readonly Session[], target: string, dialMs: number): Promise<OpenedStream> {
  const rest = new AbortController();
  const asked = sessions.map(async (session) => await openStream(session, target, dialMs, rest.signal));
  const first = await Promise.any(asked);
  rest.abort();
  // One that was opened in the same moment.
  for (const one of asked) void one.then((opened) => { if (opened !== first) opened.stream.reset('CANCELLED', 'another server was faster'); }, () => {});
  return first;
}
