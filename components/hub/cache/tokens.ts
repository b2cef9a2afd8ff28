import { createHash } from 'node:crypto';
import { noBytes } from './log/record.ts';
import type { Table } from './table.ts';

/** What tells one token of a TokenRequest from another. */
export interface TokenKey {
  /** Who asked for it: the node. */
  readonly identity: string;
  /** `/api/v1/namespaces/kube-system/serviceaccounts/flannel/token` */
  readonly path: string;
  /** In any order. */
  readonly audiences: readonly string[];
  /** Of the Pod that it is for; '' when it is bound to nothing. */
  readonly boundUid: string;
}

export interface KeptToken {
  /** The whole answer, as it came. */
  readonly body: Buffer;
  readonly contentType: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** So many at most; what was renewed longest ago goes first. A node has some 110 Pods, with a few projected tokens each. */
export const mostTokens = 4096;

/** Answers to TokenRequests. */
export class KeptTokens {
  readonly #table: Table;
  readonly #now: () => number;
  readonly #flush: () => Promise<void>;

  /** @param flush until the disk has all that was put into the table, or the table is no longer stored */
  constructor(table: Table, now: () => number, flush: () => Promise<void>) {
    this.#table = table;
    this.#now = now;
    this.#flush = flush;
  }

  get size(): number {
    return this.#table.rows.size;
  }

  /** @returns whether the disk has it, so that the Pod may have it */
  async put(key: TokenKey, { body, contentType, expiresAt }: KeptToken): Promise<boolean> {
    prune(this.#table, this.#now());
    this.#table.put(tokenText(key), { contentType, expiresAt }, body);
    await this.#flush();
    return this.#table.stored;
  }

  /** It is not given any more. */
  delete(key: TokenKey): void {
    const text = tokenText(key);
    if (this.#table.rows.has(text)) this.#table.delete(text);
  }

  /** The last token that was kept, while it is valid. */
  get(key: TokenKey): KeptToken | undefined {
    const row = this.#table.rows.get(tokenText(key));
    const expiresAt = Number(row?.meta['expiresAt']);
    if (row === undefined || expiresAt <= this.#now()) return undefined;
    return { body: row.raw, contentType: String(row.meta['contentType']), expiresAt };
  }
}

const tokenText = ({ identity, path, audiences, boundUid }: TokenKey): string => JSON.stringify([identity, path, audiences.toSorted(), boundUid]);

/** Who the bearers of tokens are, as the API server accepted them. The tokens themselves are not kept. */
export class AcceptedTokens {
  readonly #table: Table;
  readonly #now: () => number;

  constructor(table: Table, now: () => number) {
    this.#table = table;
    this.#now = now;
  }

  get size(): number {
    return this.#table.rows.size;
  }

  /** The API server answered this token with anything but 401. @param expiresAt milliseconds since 1970 */
  add(token: string, subject: string, expiresAt: number): void {
    const key = hashOf(token);
    const before = this.#table.rows.get(key);
    if (before?.meta['subject'] === subject && before.meta['expiresAt'] === expiresAt) return;
    prune(this.#table, this.#now());
    this.#table.put(key, { subject, expiresAt }, noBytes);
  }

  /** The API server answered it with 401. */
  delete(token: string): void {
    const key = hashOf(token);
    if (this.#table.rows.has(key)) this.#table.delete(key);
  }

  /** @returns undefined for a token that was never accepted, or has expired */
  subjectOf(token: string): string | undefined {
    const row = this.#table.rows.get(hashOf(token));
    return row === undefined || Number(row.meta['expiresAt']) <= this.#now() ? undefined : String(row.meta['subject']);
  }
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');

/** Makes room for one more: what has expired goes, and then what was put or renewed longest ago. */
function prune(table: Table, now: number): void {
  for (const [key, { meta }] of table.rows) {
    if (Number(meta['expiresAt']) <= now) table.delete(key);
  }
  while (table.rows.size >= mostTokens) {
    const [oldest] = [...table.rows].reduce((a, b) => (b[1].time < a[1].time ? b : a));
    table.delete(oldest);
  }
}
