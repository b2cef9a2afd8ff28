import { constants } from 'node:http2';
import { Readable } from 'node:stream';
import { formatHostPort, type HostPort } from '../../tunnel/common/host-port.ts';
import { readSmall, type LinkAnswer } from './answer.ts';
import type { LinkCredentials, Via } from './credentials.ts';
import { exchange, isOwnAnswer, isStatus } from './exchange.ts';
import { endToEnd, type Headers } from '../common/headers.ts';
import { Lane } from './lane.ts';
import { LinkError, reasonOf } from './link-error.ts';
import type { LinkListener, LinkState } from './link-state.ts';
import { LinkWatch } from './link-watch.ts';
import { defaultTimings, type LinkTimings } from './timings.ts';
import { UpgradePath, type UpgradeAnswer } from './upgrade.ts';
import type { UpstreamSession } from './upstream-session.ts';

export interface LinkOptions {
  /** The API server, or the load balancer before it. */
  readonly server: HostPort;
  /** The name that its certificate must have. Default: the host that is dialled. */
  readonly serverName?: string;
  readonly credentials: LinkCredentials;
  readonly timings?: Partial<LinkTimings>;
  /** How often the credentials' files are looked at. Milliseconds. Default: 10,000. */
  readonly refreshMs?: number;
  readonly events?: LinkEvents;
}

/** For logs and metrics. */
export interface LinkEvents {
  sessionOpened?(via: Via): void;
  sessionOver?(via: Via, reason: string | undefined): void;
  probed?(reason: string | undefined): void;
  renewed?(via: Via, error: unknown): void;
}

export interface UpstreamRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Only what speaks of more than one connection is passed on. */
  readonly headers: Headers;
  readonly via: Via;
  /** What is a Buffer can be sent again when the API server did not take it up. */
  readonly body?: Buffer | Readable;
  /** Aborted when whoever asked has gone. */
  readonly signal: AbortSignal;
}

/** A body of this size is looked at to see who gave an answer. */
const maxStatusBytes = 64 * 1024;
/** What was refused, or lost unseen, is sent anew until then. */
const mostTries = 3;
const isIdempotent = (method: string): boolean => method === 'GET' || method === 'HEAD';

/** The way to the API server: sessions, and whether it is there at all. */
export class Link implements AsyncDisposable {
  readonly #options: LinkOptions;
  readonly #timings: LinkTimings;
  readonly #lanes: Readonly<Record<Via, Lane>>;
  readonly #upgrades: UpgradePath;
  readonly #watch: LinkWatch;
  readonly #stopped = new AbortController();
  readonly #refresh: NodeJS.Timeout;
  readonly #over: Promise<void>;
  /** Lanes whose sessions still have the credentials of before: the API server looks at a certificate's end with every request. */
  readonly #toRenew = new Set<Via>();
  #lastContact: Date | undefined;

  private constructor(options: LinkOptions) {
    this.#options = options;
    this.#timings = { ...defaultTimings, ...options.timings };
    const { signal } = this.#stopped;
    this.#lanes = { node: this.#lane('node'), bare: this.#lane('bare') };
    this.#upgrades = new UpgradePath({ ...options, timings: this.#timings, signal });
    this.#refresh = setInterval(() => this.#refreshCredentials(), options.refreshMs ?? 10_000);
    this.#watch = new LinkWatch({ timings: this.#timings, signal, probe: async (relieved) => await this.#probe(relieved), probed: (reason) => options.events?.probed?.(reason) });
    this.#watch.onChange(({ kind }) => {
      if (kind === 'cutOff') this.#upgrades.cutAll();
    });
    this.#over = this.#watch.run();
  }

  /** Begins to look for the API server; it need not be there. */
  static start(options: LinkOptions): Link {
    return new Link(options);
  }

  get state(): LinkState {
    return this.#watch.state;
  }

  /** When the API server was last heard: an answer, or anything else that its session carried. */
  get lastContact(): Date | undefined {
    return this.#lastContact;
  }

  /** Requests under way, and sessions, by the certificate that is shown. */
  count(via: Via): { readonly sessions: number; readonly streams: number } {
    const sessions = [...this.#lanes[via].sessions];
    return { sessions: sessions.length, streams: sessions.reduce((sum, { streamCount }) => sum + streamCount, 0) };
  }

  /** @returns ends it */
  onChange(listener: LinkListener): () => void {
    return this.#watch.onChange(listener);
  }

  /** Waits for the first verdict after a start, for a second at most. */
  async settled(): Promise<LinkState> {
    return await this.#watch.settled();
  }

  /**
   * Asks the API server. Resolves with the head of its answer, whatever its status. What the API server cannot have seen is tried
   * again by itself; a GET also after its session was lost.
   *
   * @throws LinkError at once while cut off; within 10 s when the link turns out to be
   */
  async request(request: UpstreamRequest): Promise<LinkAnswer> {
    for (let tries = 1; ; tries += 1) {
      await this.#watch.orCutOff();
      try {
        const answer = await this.#send(request);
        return isOwnAnswer(answer) ? answer : await this.#whoseAnswer(answer, request);
      } catch (error) {
        if (!(error instanceof LinkError) || tries >= mostTries || !this.#mayRetry(request, error)) throw error;
        // The session was lost: whether there is another one is known in a moment.
        if (error.code === 'BROKEN') await this.#nextVerdict(request.signal);
      }
    }
  }

  /**
   * Asks for another protocol (SPDY, WebSocket) on a connection of its own.
   *
   * @throws LinkError
   */
  async upgrade(request: Omit<UpstreamRequest, 'body'>): Promise<UpgradeAnswer> {
    await this.#watch.orCutOff();
    try {
      return await this.#upgrades.ask(request);
    } catch (error) {
      if (error instanceof LinkError && error.code === 'UNREACHABLE') this.#suspect();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#refresh);
    this.#stopped.abort(new Error('the hub is being stopped'));
    for (const lane of Object.values(this.#lanes)) lane.destroy('the hub is being stopped');
    this.#upgrades.cutAll();
    await this.#over;
  }

  #lane(via: Via): Lane {
    const { server, serverName, credentials, events } = this.#options;
    return new Lane({
      via,
      server,
      ...(serverName !== undefined && { serverName }),
      credentials,
      timings: this.#timings,
      signal: this.#stopped.signal,
      events: {
        heard: () => {
          this.#lastContact = new Date();
          this.#watch.relieve();
        },
        doubted: (session) => {
          const [watcher] = this.#serving();
          if (session === watcher) this.#doubt();
          else watcher?.check();
        },
        opened: () => {
          this.#appointWatcher();
          events?.sessionOpened?.(via);
        },
        over: (_session, reason) => {
          events?.sessionOver?.(via, reason);
          if (this.#stopped.signal.aborted) return;
          this.#appointWatcher();
          if (reason !== undefined || this.#serving().length === 0) this.#suspect();
        },
        closed: () => {},
      },
    });
  }

  #sessions(): UpstreamSession[] {
    return Object.values(this.#lanes).flatMap(({ sessions }) => [...sessions]);
  }

  #serving(): UpstreamSession[] {
    return this.#sessions().filter(({ takesMore }) => takesMore);
  }

  /** One session is asked soon; all others lie on the same link, and are asked as soon as that one is doubtful or lost. */
  #appointWatcher(): void {
    const { pingEveryMs, otherPingEveryMs } = this.#timings;
    for (const [index, session] of this.#serving().entries()) session.pingEveryMs = index === 0 ? pingEveryMs : otherPingEveryMs;
  }

  async #send({ method, path, headers, via, body, signal }: UpstreamRequest, urgent?: 'sure' | 'any'): Promise<LinkAnswer> {
    const abort = new AbortController();
    const leave = (): void => abort.abort();
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    try {
      const { session, stream } = await this.#open(via, {
        headers: { ...endToEnd(headers), ':method': method, ':path': path, ':scheme': 'https', ':authority': formatHostPort(this.#options.server) },
        endStream: body === undefined,
        signal: abort.signal,
        urgent,
      });
      stream.once('close', () => signal.removeEventListener('abort', leave));
      const answer = await exchange({ session, stream, body, cancel: leave, gone: () => abort.signal.aborted });
      this.#lastContact = new Date();
      return answer;
    } catch (error) {
      signal.removeEventListener('abort', leave);
      throw error;
    }
  }

  async #open(via: Via, request: Parameters<Lane['open']>[0]): ReturnType<Lane['open']> {
    try {
      return await this.#lanes[via].open(request);
    } catch (error) {
      if (error instanceof LinkError && error.code === 'UNREACHABLE') this.#suspect();
      throw error;
    }
  }

  /** An answer as a load balancer gives it that has lost its backends. */
  async #whoseAnswer({ status, headers, body }: LinkAnswer, { method, signal }: UpstreamRequest): Promise<LinkAnswer> {
    const whole = await readSmall(body, maxStatusBytes, this.#timings.dialMs);
    const answer = { status, headers, body: Readable.from(whole === undefined || whole.length === 0 ? [] : [whole], { objectMode: false }) };
    if (whole !== undefined && isStatus(whole)) return answer;
    await this.#nextVerdict(signal);
    if (this.state.kind === 'connected' && whole !== undefined) return answer;
    throw new LinkError('NOT_THE_API_SERVER', `${formatHostPort(this.#options.server)} answered ${status}, and it was not the API server that did`, { mayHaveBeenSeen: !isIdempotent(method) });
  }

  #mayRetry({ method, body }: UpstreamRequest, { code, mayHaveBeenSeen }: LinkError): boolean {
    if (body !== undefined && !(body instanceof Buffer)) return false;
    if (code === 'REFUSED') return true;
    return code === 'BROKEN' && (!mayHaveBeenSeen || isIdempotent(method));
  }

  /** Something speaks against the link: it is looked at, and what lies on it too, also what lives on with its last watch. */
  #suspect(): void {
    for (const session of this.#sessions()) session.check();
    this.#watch.suspect();
  }

  /** The session that watches over the link is silent, and may have been forgotten alone: what any other one says counts as much. */
  #doubt(): void {
    for (const session of this.#sessions()) session.check();
    this.#watch.doubt();
  }

  /** @throws LinkError `CLIENT_GONE`, `CUT_OFF` when the link is being stopped */
  async #nextVerdict(signal: AbortSignal): Promise<void> {
    this.#suspect();
    await this.#watch.nextVerdict(signal);
  }

  /** @returns why the API server is not there, or undefined when it has answered, or is known to be there without that */
  async #probe(relieved: AbortSignal | undefined): Promise<string | undefined> {
    const deadline = AbortSignal.timeout(this.#timings.dialMs);
    const over = AbortSignal.any([deadline, this.#stopped.signal, ...(relieved === undefined ? [] : [relieved])]);
    let on: 'sure' | 'any' = 'sure';
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#askReady(over, on);
      } catch (error) {
        if (relieved?.aborted) return undefined;
        if (deadline.aborted) return `no answer within ${this.#timings.dialMs / 1000} s`;
        // A session that ends under the question (a rollout of the API server) says nothing of the link: the next one does. And where no new one can be had, there may be an old one.
        const code = error instanceof LinkError ? error.code : undefined;
        const mayAnother = code === 'BROKEN' || code === 'REFUSED' || (code === 'UNREACHABLE' && on === 'sure' && this.#serving().length > 0);
        if (!mayAnother || tries >= mostTries) return reasonOf(error);
        if (code === 'UNREACHABLE') on = 'any';
      }
    }
  }

  /** @returns who has answered, if it was not the API server @throws LinkError */
  async #askReady(signal: AbortSignal, on: 'sure' | 'any'): Promise<string | undefined> {
    const { credentials, server } = this.#options;
    const via = credentials.identity('node') === undefined ? 'bare' : 'node';
    const answer = await this.#send({ method: constants.HTTP2_METHOD_GET, path: '/readyz', headers: { accept: '*/*', 'user-agent': 'edge-hub' }, via, signal }, on);
    const own = isOwnAnswer(answer);
    const body = await readSmall(answer.body, maxStatusBytes, this.#timings.dialMs);
    return own || (body !== undefined && isStatus(body)) ? undefined : `${formatHostPort(server)} answered ${answer.status}, and it was not the API server that did`;
  }

  #refreshCredentials(): void {
    const { credentials, events } = this.#options;
    if (credentials.refresh()) for (const via of ['node', 'bare'] as const) this.#toRenew.add(via);
    for (const via of this.#toRenew) {
      this.#toRenew.delete(via);
      this.#lanes[via].renew().then(() => events?.renewed?.(via, undefined), (error: unknown) => {
        this.#toRenew.add(via);
        events?.renewed?.(via, error);
      });
    }
  }
}
