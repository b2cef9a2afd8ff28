import type { Registry } from 'prom-client';
import type { HostPort } from '../tunnel/common/host-port.ts';
import type { Log } from '../tunnel/common/log.ts';
import { Forwarder, Front, nameOf, type ForwardHooks, type FrontCredentials, type FrontLimits } from './front/index.ts';
import { Link, type LinkCredentials, type LinkState, type LinkTimings } from './link/index.ts';
import { HubMetrics } from './metrics.ts';

export interface HubOptions {
  readonly log: Log;
  readonly nodeName: string;
  readonly server: HostPort;
  readonly serverName?: string;
  readonly linkCredentials: LinkCredentials;
  readonly timings?: Partial<LinkTimings>;
  readonly listen: readonly HostPort[];
  readonly frontCredentials: FrontCredentials;
  readonly limits?: Partial<FrontLimits>;
  /** What is added to plain forwarding. */
  readonly hooks?: ForwardHooks;
  /** How often files are looked at. Milliseconds. */
  readonly refreshMs: number;
}

/** The node's own way to the API server, while it runs. */
export class Hub implements AsyncDisposable {
  readonly link: Link;
  readonly front: Front;
  readonly #metrics: HubMetrics;

  private constructor(link: Link, front: Front, metrics: HubMetrics) {
    this.link = link;
    this.front = front;
    this.#metrics = metrics;
  }

  /** Needs neither the API server nor all of its addresses to be there. */
  static async start(options: HubOptions): Promise<Hub> {
    const { log, server, serverName, refreshMs, nodeName, hooks } = options;
    const link = Link.start({
      server,
      ...(serverName !== undefined && { serverName }),
      credentials: options.linkCredentials,
      refreshMs,
      ...(options.timings && { timings: options.timings }),
      events: {
        sessionOpened: (via) => log.info({ via }, 'session open'),
        sessionOver: (via, reason) => {
          metrics.sessionEnds.inc({ via, how: reason === undefined ? 'drained' : 'lost' });
          log.info({ via, reason: reason ?? 'the API server or this hub has ended it' }, 'session takes no more');
        },
        probed: (reason) => metrics.probes.inc({ answered: String(reason === undefined) }),
        renewed: (via, error) => (error === undefined ? log.info({ via }, 'credentials changed: moved to a new session') : log.warn({ via, reason: String(error) }, 'credentials changed, and there is no new session yet')),
      },
    });
    const metrics = new HubMetrics(link, () => front);
    link.onChange((state) => {
      metrics.linkChanges.inc({ to: state.kind });
      if (state.kind === 'cutOff') log.warn({ reason: state.reason }, 'cut off');
      else log.info('connected');
    });
    const forwarder = new Forwarder({
      link,
      ...(hooks && { hooks }),
      events: {
        done: (request, outcome, startedAt) => {
          const ms = performance.now() - startedAt;
          metrics.done(request, outcome, ms);
          log.debug({ client: nameOf(request.identity), method: request.method, path: request.path, status: request.response.status, outcome, ms: Math.round(ms) }, 'request over');
        },
        upgraded: (open) => metrics.upgrades.inc(open),
      },
    });
    const front: Front = await Front.start({
      listen: options.listen,
      credentials: options.frontCredentials,
      nodeName,
      handler: forwarder,
      refreshMs,
      ...(options.limits && { limits: options.limits }),
      events: {
        handshakeFailed: (reason, from) => {
          metrics.handshakeFailures.inc();
          log.warn({ reason, from }, 'handshake failed');
        },
        troubled: (reason) => log.warn({ reason }, 'trouble with a listener'),
        failed: ({ method, path, identity }, error) => log.error({ client: nameOf(identity), method, path, error: error instanceof Error ? error.stack : String(error) }, 'request failed'),
      },
    });
    log.info({ server, listen: options.listen }, 'started');
    return new Hub(link, front, metrics);
  }

  get metrics(): Registry {
    return this.#metrics.registry;
  }

  get state(): LinkState {
    return this.link.state;
  }

  /** Why clients cannot come, or undefined. That the API server is not there is no reason: the hub is for that. */
  get notReady(): string | undefined {
    return this.front.notReady ?? (this.link.state.kind === 'unknown' ? 'whether the API server is there is not known yet' : undefined);
  }

  /** Takes no more requests; those under way may go on for `drainMs`. */
  async stop(drainMs: number): Promise<void> {
    await this.front.stop(drainMs);
    await this.link[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop(0);
  }
}
