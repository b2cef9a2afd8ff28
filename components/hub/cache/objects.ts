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

/** Answers of GETs, one by one. */
export class KeptObjects {
  readonly #table: Table;
  readonly #now: () => number;
  /** When a client last used one, where that was not when it came. */
  readonly #usedAt = new Map<string, number>();

  constructor(table: Table, now: () => number) {
    this.#table = table;
    this.#now = now;
  }

  put(key: ObjectKey, { apiVersion, kind }: TypeMeta, { namespace, name, uid, resourceVersion, raw }: WireObject): void {
    const text = objectText(key);
    const before = this.#table.rows.get(text);
    const meta = { apiVersion, kind, namespace, name, uid, resourceVersion };
    // A kubelet asks for the same things again and again: what did not change is not worth the disk's wear within a minute.
    if (before !== undefined && this.#now() - before.time < 60_000 && before.raw.equals(raw) && before.meta['resourceVersion'] === resourceVersion) return;
    this.#table.put(text, meta, raw);
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
    if (this.#table.rows.has(text)) this.#table.delete(text);
  }

  entries(): ObjectEntry[] {
    return Array.from(this.#table.rows, ([text, row]) => this.#entry(text, row));
  }

  /** Takes some away to make room. */
  evict(keys: readonly ObjectKey[]): void {
    for (const key of keys) {
      this.#table.forget(objectText(key));
      this.#usedAt.delete(objectText(key));
    }
    if (keys.length > 0) this.#table.rewrite();
  }

  #entry(text: string, { bytes, time }: Row): ObjectEntry {
    return { ...objectKeyOf(text), bytes, touchedAt: time, usedAt: Math.max(time, this.#usedAt.get(text) ?? 0) };
  }
}
