import assert from 'node:assert/strict';
import type { CreditBudget } from '../budget.ts';
import type { SessionConfig } from '../config.ts';
import type { SessionEnd, SessionHandler } from '../session-options.ts';
import { Session } from '../session.ts';
import type { TunnelStream } from '../stream.ts';
import type { Link } from './link.ts';
import { linkedConnection, TlsPort } from './tls-pair.ts';
import { until } from './until.ts';

export interface EndOptions {
  readonly config?: Partial<SessionConfig>;
  readonly budget?: CreditBudget;
  /** Default: streams that come are kept in `streams`. `null`: the end takes none. */
  readonly stream?: NonNullable<SessionHandler['stream']> | null;
}

/** One end of a pair, and what it was told. */
export class TestEnd {
  readonly session: Session;
  readonly streams: TunnelStream[] = [];
  readonly told: string[] = [];
  end: SessionEnd | undefined;

  constructor(socket: Session['socket'], side: 'tls-server' | 'tls-client', { stream, ...options }: EndOptions) {
    const take = stream === null ? {} : { stream: stream ?? ((one: TunnelStream) => void this.streams.push(one)) };
    this.session = new Session(socket, {
      ...options,
      side,
      instance: side,
      handler: {
        ...take,
        ready: () => this.told.push('ready'),
        draining: (reason) => this.told.push(`draining: ${reason}`),
        ended: (end) => {
          assert.equal(this.end, undefined, 'ended was called twice');
          this.told.push(`ended: ${end.code}`);
          this.end = end;
        },
      },
    });
  }
}

/** Two sessions that talk to each other over real TLS. Disposing it checks that all credit was given back. */
export class SessionPair implements AsyncDisposable {
  readonly server: TestEnd;
  readonly client: TestEnd;
  /** Only with `linked`. */
  readonly link: Link | undefined;
  readonly #stack: AsyncDisposableStack;

  private constructor(server: TestEnd, client: TestEnd, link: Link | undefined, stack: AsyncDisposableStack) {
    this.server = server;
    this.client = client;
    this.link = link;
    this.#stack = stack;
  }

  /** @param options for the ends, `both` under what is said of each; `linked`: through a link that can be broken */
  static async connect(options: { readonly both?: EndOptions; readonly server?: EndOptions; readonly client?: EndOptions; readonly linked?: boolean } = {}): Promise<SessionPair> {
    await using stack = new AsyncDisposableStack();
    const { server, client, link } = options.linked === true ? await linkedConnection(stack) : { ...(await stack.use(await TlsPort.open()).connection()), link: undefined };
    const pair = new SessionPair(
      new TestEnd(server, 'tls-server', { ...options.both, ...options.server }),
      new TestEnd(client, 'tls-client', { ...options.both, ...options.client }),
      link,
      stack.move(),
    );
    await until('both ends are ready', () => pair.server.session.isReady && pair.client.session.isReady);
    return pair;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { session } of [this.server, this.client]) session.close('CANCELLED', 'the test is over');
    await this.#stack.disposeAsync();
    for (const { session } of [this.server, this.client]) {
      assert.equal(session.streamCount, 0, 'streams outlived their session');
      await until('all credit is given back', () => session.promisedBytes === 0);
    }
  }
}
