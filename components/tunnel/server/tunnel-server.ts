import { Dial } from '../common/dial.ts';
import type { Socket } from 'node:net';
import { formatHostPort, parseHostPort, type HostPort } from '../common/host-port.ts';
import { joinSockets } from '../common/join-sockets.ts';
import { relay, Splice, type Session, type StreamError, type TunnelStream } from '../protocol/index.ts';
import type { AgentRegistry } from './agent-registry.ts';
import type { ConnectRequest } from './connect-front.ts';
import { ConnectRefusal, isReachError, refusalOf } from './connect-refusal.ts';
import type { Via } from './metrics.ts';
import { NodeDialler } from './node-dialler.ts';
import { Opening } from './opening.ts';
import type { Router } from './router.ts';

/** For logs and metrics. */
export interface TunnelEvents {
  /** A CONNECT was answered with 200. */
  connected(request: ConnectRequest, via: Via, ms: number): void;
  /** A stream of this server is over. */
  done(stream: TunnelStream, error: StreamError | undefined): void;
}

export interface TunnelServerOptions {
  readonly router: Router;
  readonly registry: AgentRegistry;
  /** Those of the other servers. */
  readonly peers: () => readonly Session[];
  /** How long the dial of a target may take. The apiserver bounds none of its own. Milliseconds. */
  readonly dialMs: number;
  readonly events: TunnelEvents;
}

const established = 'HTTP/1.1 200 Connection Established\r\n\r\n';

/** Carries CONNECTs to where their targets are. */
export class TunnelServer {
  readonly #options: TunnelServerOptions;
  readonly #nodes: NodeDialler;

  constructor(options: TunnelServerOptions) {
    this.#options = options;
    this.#nodes = new NodeDialler(options);
  }

  /** @throws ConnectRefusal with the reason, in which an edge node is named */
  async connect(request: ConnectRequest): Promise<void> {
    const route = this.#options.router.route(request.target, request.reach);
    if (route.kind === 'refused') throw new ConnectRefusal(route.status, route.reason);
    if (route.kind === 'direct') return await this.#direct(request, route.target);
    return await this.#toNode(request, route.node, route.target);
  }

  /** A peer asks for a node that may be connected here. Never asked on: two servers cannot send a stream in circles. */
  serve(asked: TunnelStream, deadlineMs: number): void {
    const { router, registry, events } = this.#options;
    const target = parseHostPort(asked.target);
    const route = target === undefined ? undefined : router.route(target, 'cluster');
    // Also of a node that is not known here yet: a server that has just started says nothing of it.
    if (route?.kind !== 'agent') return asked.reset('ABSENT', `${asked.target} is no target at the edge that this server knows`);
    const agent = registry.get(route.node);
    if (agent === undefined) return asked.reset(registry.isMoving(route.node) ? 'DRAINING' : 'ABSENT', registry.whyAbsent(route.node) ?? '');
    try {
      const opened = new Opening(agent.session, formatHostPort(route.target), deadlineMs, (error) => {
        if (error !== undefined) return asked.reset(error.code, error.message);
        const halves = relay(asked, opened.stream, (problem) => {
          events.done(asked, problem);
          events.done(opened.stream, problem);
        });
        // One that is over by now is told so, and ends the other.
        asked.accept(halves.one);
        opened.handOver(halves.other);
      });
      asked.onClosedEarly = () => opened.cancel();
    } catch (error) {
      if (isReachError(error)) asked.reset(error.code, error.message);
      else asked.reset('INTERNAL', String(error));
    }
  }

  async #toNode(request: ConnectRequest, node: string, target: HostPort): Promise<void> {
    const { events } = this.#options;
    const { socket, head, waiter } = request;
    const startedAt = performance.now();
    const { opened, via } = await this.#nodes.dial(node, target, waiter);
    const { stream } = opened;
    // Of a socket that is gone by now the splice says so to the stream.
    const splice = new Splice(socket, stream, { failure: 'CANCELLED', done: (error) => events.done(stream, error) });
    socket.write(established);
    opened.handOver(splice);
    splice.start(head);
    events.connected(request, via, performance.now() - startedAt);
  }

  async #direct(request: ConnectRequest, target: HostPort): Promise<void> {
    const { dialMs, events } = this.#options;
    const startedAt = performance.now();
    const socket = await new Promise<Socket>((reached, failed) => {
      const dial = new Dial(target, dialMs, { reached, failed: (error) => failed(refusalOf(error)) });
      request.waiter.onLeft = () => dial.cancel();
    });
    joinSockets(request.socket, socket);
    if (request.socket.destroyed) return void socket.destroy();
    events.connected(request, 'direct', performance.now() - startedAt);
    request.socket.write(established);
    if (request.head.length > 0) socket.write(request.head);
  }
}
