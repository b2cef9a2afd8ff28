import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';

const mac = z.string().regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
const name = z.string().regex(/^[^\s/]{1,15}$/);

const schema = z.strictObject({
  version: z.literal(1),
  /** A disk may come to another node: what it remembers is not that one's. */
  node: z.string(),
  /** Peers have been told of the MAC that goes with the node's name. */
  bound: z.boolean(),
  /** The device as it last was. */
  device: z.strictObject({ vni: z.int(), port: z.int(), local: z.ipv4(), link: name, mtu: z.int(), learning: z.boolean(), gbp: z.boolean() }).optional(),
  /** How large packets of its uplink were then. */
  uplinkMtu: z.int().optional(),
  peers: z.array(z.strictObject({ gateway: z.ipv4(), mac, address: z.ipv4() })).readonly(),
});

/** What a keeper remembers. None of it is needed: without it, flannel makes the device, and the keeper sets it right afterwards. */
export type VtepState = Omit<z.infer<typeof schema>, 'version' | 'node'>;

const nothing: VtepState = { bound: false, peers: [] };

/** The state on disk. Written whole, beside its place, and moved there when it is on the disk: a power cut leaves this one or the one before. */
export class StateFile {
  readonly #path: string;
  readonly #node: string;
  readonly #troubled: (what: string, reason: unknown) => void;
  #state: VtepState;
  #saved: VtepState | undefined;

  /** @param troubled told when what is there is of no use, or it cannot be written */
  constructor({ path, node, troubled }: { readonly path: string; readonly node: string; readonly troubled: (what: string, reason: unknown) => void }) {
    this.#path = path;
    this.#node = node;
    this.#troubled = troubled;
    this.#state = this.#load();
  }

  get state(): VtepState {
    return this.#state;
  }

  /** Kept in memory also when the disk refuses; then it is written at the next change. */
  update(change: Partial<VtepState>): void {
    this.#state = { ...this.#state, ...change };
    if (isDeepStrictEqual(this.#state, this.#saved)) return;
    try {
      this.#save();
      this.#saved = this.#state;
    } catch (error) {
      this.#troubled('the state was not written', error);
    }
  }

  #load(): VtepState {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#troubled('the state cannot be read', error);
      return nothing;
    }
    try {
      const { version: _, node, ...state } = schema.parse(JSON.parse(text));
      if (node !== this.#node) throw new Error(`it is that of node ${node}`);
      return (this.#saved = state);
    } catch (error) {
      this.#troubled('the state is of no use, and another is begun', error);
      return nothing;
    }
  }

  #save(): void {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const partial = `${this.#path}.partial`;
    const file = openSync(partial, 'w', 0o600);
    try {
      writeSync(file, `${JSON.stringify({ version: 1, node: this.#node, ...this.#state })}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(partial, this.#path);
    const folder = openSync(dirname(this.#path), 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  }
}
