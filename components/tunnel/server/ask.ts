import { openDeadlines, type Deadline } from '../common/deadlines.ts';
import { SessionUnavailableError, type Session, type StreamError } from '../protocol/index.ts';
import type { Via } from './metrics.ts';
import { Opening } from './opening.ts';

export interface Reached {
  readonly opened: Opening;
  readonly via: Exclude<Via, 'direct'>;
}

export type AskError = StreamError | SessionUnavailableError;

export interface AskOptions {
  /** The session of the node's agent, when it is here. */
  readonly here: Session | undefined;
  /** Those of the other servers. */
  readonly peers: () => readonly Session[];
  readonly target: string;
  /** How long the far end may take. Milliseconds. */
  readonly deadlineMs: number;
}

/** After this time without an answer the session here may be one whose other end has gone unnoticed. Milliseconds. */
const aloneMs = 1000;
/** Between two times when all others are asked while the session here is silent: its agent may be on its way to one of them. Milliseconds. */
const againMs = 300;

/**
 * Asks for a node, once: its agent, when it is here; all other servers at once, when it is not, or has just gone, or does not
 * answer: then again and again, for as long as it does not. The first that reaches the target is taken, and no other is waited for.
 */
export class Ask {
  /** Or why not, of each that was asked. */
  readonly outcome: Promise<Reached | readonly AskError[]>;
  readonly #options: AskOptions;
  readonly #openings = new Set<Opening>();
  readonly #begunAt = performance.now();
  #errors: AskError[] = [];
  #alone: Deadline | undefined;
  #resolve!: (outcome: Reached | readonly AskError[]) => void;
  #waitsFor = 0;
  /** The session here has not answered. */
  #hereIsSilent: boolean;
  #peersAsked = false;
  /** The others will be asked again. */
  #again = false;
  #over = false;

  constructor(options: AskOptions) {
    const { here } = options;
    this.#options = options;
    this.#hereIsSilent = here !== undefined;
    this.outcome = new Promise((resolve) => { this.#resolve = resolve; });
    if (here === undefined) {
      this.#askPeers();
    } else {
      this.#alone = openDeadlines.in(aloneMs, () => this.#askPeers());
      this.#open([here], 'agent');
    }
  }

  /** Nobody waits for it any more. */
  cancel(): void {
    // Each says so, and none of them is the reason to ask others.
    this.#over = true;
    for (const opening of [...this.#openings]) opening.cancel();
  }

  #askPeers(): void {
    if (this.#over || this.#peersAsked) return;
    this.#peersAsked = true;
    this.#open(this.#options.peers(), 'peer');
    this.#askAgainSoon();
  }

  /** When all others have answered, or there is none, and the session here has not. */
  #askAgainSoon(): void {
    if (this.#over || this.#again || !this.#peersAsked || !this.#hereIsSilent || this.#waitsFor !== 1) return;
    this.#again = true;
    this.#alone = openDeadlines.in(againMs, () => this.#askPeersAgain());
  }

  /** Whoever had it not may have it in a moment: what they said before is of no account then. */
  #askPeersAgain(): void {
    this.#again = false;
    if (this.#over || !this.#hereIsSilent || this.#waitsFor !== 1) return;
    this.#errors = [];
    // No longer than the session here: in tenths of a second, as it may be told.
    const leftMs = this.#options.deadlineMs - (performance.now() - this.#begunAt);
    this.#open(this.#options.peers(), 'peer', Math.max(1, Math.ceil(leftMs / 100)) * 100);
    this.#askAgainSoon();
  }

  #open(sessions: readonly Session[], via: Reached['via'], deadlineMs = this.#options.deadlineMs): void {
    const { target } = this.#options;
    this.#waitsFor += sessions.length;
    for (const session of sessions) {
      try {
        const opened = new Opening(session, target, deadlineMs, (error) => {
          this.#openings.delete(opened);
          if (via === 'agent') this.#hereIsSilent = false;
          if (error !== undefined) this.#failed(error);
          else this.#reached({ opened, via });
        });
        this.#openings.add(opened);
      } catch (error) {
        if (via === 'agent') this.#hereIsSilent = false;
        this.#failed(error as SessionUnavailableError);
      }
    }
    this.#endIfNobodyIsLeft();
  }

  #reached(reached: Reached): void {
    this.#alone?.met();
    this.#resolve(reached);
    this.cancel();
  }

  #failed(error: AskError): void {
    this.#errors.push(error);
    this.#waitsFor -= 1;
    if (!this.#over && !this.#peersAsked && isWorthAsking(error)) return this.#askPeers();
    this.#endIfNobodyIsLeft();
    this.#askAgainSoon();
  }

  #endIfNobodyIsLeft(): void {
    if (this.#waitsFor > 0) return;
    this.#alone?.met();
    this.#resolve(this.#errors);
  }
}

/** Of a session that has just ended, or begun to drain: the node's agent may be at another server by now. */
const isWorthAsking = ({ code }: AskError): boolean => ['LINK_LOST', 'DRAINING', 'REVOKED'].includes(code);
