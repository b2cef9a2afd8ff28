import type { Table } from './table.ts';

/** An Event that nobody in the cloud has heard of yet. */
export interface KeptEvent {
  /** Of the collection that it is to be created in: `/api/v1/namespaces/default/events` */
  readonly path: string;
  readonly name: string;
  /** Whether there is one of this name already, which this one goes on with. */
  readonly goesOn: boolean;
  readonly contentType: string;
  /** The object, as it came. */
  readonly body: Buffer;
}

/** Bounds of all of them together; the oldest go first. The cloud itself forgets an Event after an hour (`--event-ttl`). */
export const mostEvents = 1000;
export const mostEventBytes = 2 * 1024 * 1024;

/** What this node has to report, in the order in which it happened. */
export class KeptEvents {
  readonly #table: Table;
  #bytes = 0;
  #dropped = 0;

  constructor(table: Table) {
    this.#table = table;
    for (const { raw } of table.rows.values()) this.#bytes += raw.length;
  }

  get size(): number {
    return this.#table.rows.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many had to go unheard since this process began. */
  get dropped(): number {
    return this.#dropped;
  }

  /** One of the same name is replaced: it says the same, and how often. When this returns it survives this process. */
  put({ path, name, goesOn, contentType, body }: KeptEvent): void {
    const key = `${path}/${name}`;
    const before = this.#table.rows.get(key);
    if (before !== undefined) this.#delete(key);
    for (const oldest of this.#table.rows.keys()) {
      if (this.size < mostEvents && this.#bytes + body.length <= mostEventBytes) break;
      this.#delete(oldest);
      this.#dropped += 1;
    }
    this.#table.put(key, { path, name, contentType, goesOn: Number(goesOn || before?.meta['goesOn'] === 1) }, body);
    this.#bytes += body.length;
  }

  /** The oldest. */
  first(): KeptEvent | undefined {
    const [row] = this.#table.rows.values();
    if (row === undefined) return undefined;
    const { path, name, contentType, goesOn } = row.meta;
    return { path: String(path), name: String(name), contentType: String(contentType), goesOn: goesOn === 1, body: row.raw };
  }

  /** The cloud has heard of it, or will not. One that has taken its place stays. */
  delete({ path, name, body }: KeptEvent): void {
    const key = `${path}/${name}`;
    if (this.#table.rows.get(key)?.raw === body) this.#delete(key);
  }

  /** The cloud has heard newer words of one. @param path of the Event itself */
  supersede(path: string): void {
    if (this.#table.rows.has(path)) this.#delete(path);
  }

  #delete(key: string): void {
    this.#bytes -= this.#table.rows.get(key)?.raw.length ?? 0;
    this.#table.delete(key);
  }
}
