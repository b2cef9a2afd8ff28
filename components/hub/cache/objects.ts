import type { TypeMeta, WireObject } from '../wire/index.ts';
import { objectKeyOf, objectText, type ObjectKey } from './keys.ts';
import type { Row, Table } from './table.ts';

export interface KeptObject {
  readonly type: TypeMeta;
  readonly object: WireObject;
  /** When it came from the API server. Milliseconds since 1970. */
  readonly touchedAt: number;
}

export interface ObjectEntry extends ObjectKey {
  readonly bytes: number;
  readonly touchedAt: number;
  readonly usedAt: number;
}

/** So many of one identity; what it has not used for longest goes first. A node with 110 Pods has some thousand. */
const mostOfOne = 8192;

/** Answers of GETs, one by one. */
export class KeptObjects {
  readonly #table: Table;
  readonly #now: () => number;
  /** When a client last used one, where that was not when it came. */
  readonly #usedAt = new Map<string, number>();
  readonly #counts = new Map<string, number>();

  constructor(table: Table, now: () => number) {
    this.#table = table;
    this.#now = now;
    for (const text of table.rows.keys()) this.#count(objectKeyOf(text).identity, 1);
  }

  put(key: ObjectKey, { apiVersion, kind }: TypeMeta, { namespace, name, uid, resourceVersion, raw }: WireObject): void {
    const text = objectText(key);
    const before = this.#table.rows.get(text);
    const meta = { apiVersion, kind, namespace, name, uid, resourceVersion };
    // A kubelet asks for the same things again and again: what did not change is not worth the disk's wear within a minute.
    if (before !== undefined && this.#now() - before.time < 60_000 && before.raw.equals(raw) && before.meta['resourceVersion'] === resourceVersion) return;
    this.#table.put(text, meta, raw);
    if (before === undefined) this.#count(key.identity, 1);
    if ((this.#counts.get(key.identity) ?? 0) > mostOfOne) this.#thin(key.identity);
  }

  get(key: ObjectKey): KeptObject | undefined {
    const text = objectText(key);
    const row = this.#table.rows.get(text);
    if (row === undefined) return undefined;
    this.#usedAt.set(text, this.#now());
    const { apiVersion = '', kind = '', namespace = '', name = '', uid = '', resourceVersion = '' } = row.meta as Readonly<Record<string, string>>;
    return { type: { apiVersion, kind }, object: { namespace, name, uid, resourceVersion, raw: row.raw }, touchedAt: row.time };
  }

  delete(key: ObjectKey): void {
    const text = objectText(key);
    this.#usedAt.delete(text);
    if (!this.#table.rows.has(text)) return;
    this.#table.delete(text);
    this.#count(key.identity, -1);
  }

  get bytes(): number {
    return this.#table.bytes;
  }

  entries(): ObjectEntry[] {
    return Array.from(this.#table.rows, ([text, row]) => this.#entry(text, row));
  }

  /** Takes some away to make room. */
  evict(keys: readonly ObjectKey[]): void {
    for (const key of keys) {
      if (this.#table.rows.has(objectText(key))) this.#count(key.identity, -1);
      this.#table.forget(objectText(key));
      this.#usedAt.delete(objectText(key));
    }
    if (keys.length > 0) this.#table.rewrite();
  }

  /** A tenth at once: their table is written anew. */
  #thin(identity: string): void {
    const own = this.entries().filter((entry) => entry.identity === identity).sort((a, b) => a.usedAt - b.usedAt);
    this.evict(own.slice(0, mostOfOne / 10));
  }

  #count(identity: string, change: 1 | -1): void {
    const count = (this.#counts.get(identity) ?? 0) + change;
    if (count === 0) this.#counts.delete(identity);
    else this.#counts.set(identity, count);
  }

  #entry(text: string, { bytes, time }: Row): ObjectEntry {
    return { ...objectKeyOf(text), bytes, touchedAt: time, usedAt: Math.max(time, this.#usedAt.get(text) ?? 0) };
  }
}
