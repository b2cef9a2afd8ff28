import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';

/** One change of a watched object. */
export interface Change<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

interface Line {
  readonly type: string;
  readonly object: KubeObject & { code?: number };
}

/** Between the end of a watch and the next try: an API server that is gone is so for seconds. */
const pauseMs = 1000;

/** How long a watch may go unanswered. */
export interface WatchDeadlines {
  /** The API server ends each watch after so many seconds, "regardless of any activity or inactivity" (`timeoutSeconds` of its API reference). Whole seconds, 1 or more. */
  readonly lifeSeconds: number;
  /** How long it may take to begin one, and how much later than that its end may come. Milliseconds. */
  readonly graceMs: number;
}

/**
 * Bookmarks do not do for this: the API reference says that clients should assume neither that they come at any interval nor that any comes at all.
 * So the watch is asked for a short life, and one that has outlived it hangs. What the API tells goes on from the last version, so nothing is missed between two.
 * Short, as whoever asks what was missed hears nothing of a hang that is not found yet; another one costs a handshake.
 */
const usual: WatchDeadlines = { lifeSeconds: 10, graceMs: 5000 };

/**
 * Watches all objects of a kind from now on, until it is stopped, over a connection of its own, and begins anew whenever the API server has
 * been away. It keeps no process alive.
 */
export class ApiWatch<T extends KubeObject> {
  readonly #kube: KubeClient;
  readonly #path: string;
  readonly #agent: Agent;
  readonly #see: (change: Change<T>, at: number) => void;
  readonly #deadlines: WatchDeadlines;
  readonly #stopped = new AbortController();
  /** When it saw nothing: from, to (absent: still). */
  readonly #blind: { from: number; to?: number }[] = [{ from: Date.now() }];
  /** When the last byte came: of a watch that hangs nobody knows what it has not told since. */
  #heardAt = Date.now();
  /** Until when all was seen. */
  #seenUntil = Date.now();

  /** @param path as `/api/v1/pods` @param see gets every object once at first, and then each change */
  constructor(kube: KubeClient, path: string, see: (change: Change<T>, at: number) => void, deadlines = usual) {
    this.#kube = kube;
    this.#path = path;
    this.#see = see;
    this.#deadlines = deadlines;
    this.#agent = new Agent({ ...kube.pem, keepAlive: false });
    void this.#run();
  }

  /** When it saw nothing within a time, in milliseconds since the epoch. A watch that ended and began again at once is not worth a word. */
  blindWithin(since: number, until: number): { readonly from: number; readonly to: number }[] {
    return this.#blind.filter(({ from, to = until }) => to > since && from < until).map(({ from, to = until }) => ({ from: Math.max(from, since), to: Math.min(to, until) })).filter(({ from, to }) => to - from > 2 * pauseMs);
  }

  stop(): void {
    this.#stopped.abort();
    this.#agent.destroy();
  }

  async #run(): Promise<void> {
    let version: string | undefined;
    while (!this.#stopped.signal.aborted) {
      const [hangs, begunAt] = [new AbortController(), Date.now()];
      try {
        version = await this.#follow(version, hangs);
      } catch {
        version = undefined; // its place in the history is gone, or the API server is: it is told by `blindWithin`
      }
      // One that goes on from where the last one ended has missed nothing, whenever it begins.
      if (version === undefined && this.#blind.at(-1)!.to !== undefined) this.#blind.push({ from: this.#seenUntil });
      // One that has come to its end as it was asked to is followed by the next at once.
      if (version === undefined || Date.now() - begunAt < pauseMs) await new Promise<void>((resolve) => { setTimeout(resolve, pauseMs).unref(); });
    }
  }

  /** @param hangs is aborted when the watch is overdue @param from undefined: from all that there is @returns the version to go on from */
  async #follow(from: string | undefined, hangs: AbortController): Promise<string> {
    const { lifeSeconds, graceMs } = this.#deadlines;
    const overdueIn = (ms: number): NodeJS.Timeout => setTimeout(() => { hangs.abort(new Error('the watch hangs')); }, ms).unref();
    let overdue = overdueIn(graceMs);
    let begun = false;
    try {
      const resourceVersion = from ?? (await this.#list(AbortSignal.any([this.#stopped.signal, hangs.signal])));
      const query = new URLSearchParams({ watch: '1', allowWatchBookmarks: 'true', timeoutSeconds: String(lifeSeconds), resourceVersion });
      const sent = httpsRequest(new URL(`${this.#path}?${query.toString()}`, this.#kube.server), { agent: this.#agent, signal: AbortSignal.any([this.#stopped.signal, hangs.signal]), headers: { accept: 'application/json' } });
      sent.on('socket', (socket) => { socket.unref(); });
      sent.end();
      const response = await new Promise<IncomingMessage>((resolve, reject) => { sent.once('response', resolve).on('error', reject); });
      clearTimeout(overdue);
      overdue = overdueIn(lifeSeconds * 1000 + graceMs);
      if (response.statusCode !== 200) throw new Error(`HTTP ${response.statusCode}`);
      this.#heardAt = Date.now();
      this.#blind.at(-1)!.to ??= this.#heardAt;
      begun = true;
      return await this.#hear(response, resourceVersion);
    } finally {
      clearTimeout(overdue);
      if (begun) this.#seenUntil = hangs.signal.aborted ? this.#heardAt : Date.now();
    }
  }

  /** Tells all that there is. The version of a list is one to watch from; those of its objects may be too old for that. @returns it */
  async #list(signal: AbortSignal): Promise<string> {
    const { metadata, items } = (await this.#kube.request('GET', this.#path, { signal })) as { metadata: { resourceVersion: string }; items: T[] };
    for (const object of items) this.#see({ type: 'ADDED', object }, Date.now());
    return metadata.resourceVersion;
  }

  /** @returns the last version that was told of */
  async #hear(response: IncomingMessage, from: string): Promise<string> {
    let version = from;
    for await (const { type, object } of linesOf(response, () => { this.#heardAt = Date.now(); })) {
      if (type === 'ERROR') throw new Error(`the watch ended: ${object.code}`);
      version = object.metadata.resourceVersion ?? version;
      if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') this.#see({ type, object: object as unknown as T }, Date.now());
    }
    return version;
  }
}

async function* linesOf(response: IncomingMessage, heard: () => void): AsyncGenerator<Line> {
  let rest = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    heard();
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield JSON.parse(line) as Line;
  }
}
