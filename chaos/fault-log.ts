import { createHash } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { CannotTellError } from '../core/errors.ts';
import { lock } from '../core/lock.ts';
import { type ClusterState } from '../harness/cluster/state.ts';
import { clusterDir } from '../harness/cluster/store.ts';
import { faultKinds } from './fault-kinds.ts';
import { type FaultRecord } from './fault.ts';

const time = z.iso.datetime();
const fileSchema = z.array(z.strictObject({
  id: z.string(),
  kind: z.enum(faultKinds),
  target: z.string(),
  parameters: z.record(z.string(), z.number()).optional(),
  startedAt: time,
  struckAt: time.optional(),
  verifiedAt: time.optional(),
  evidence: z.string().optional(),
  healBeganAt: time.optional(),
  endedAt: time.optional(),
}));

/** A change takes a few milliseconds. */
const lockTimeoutMs = 10_000;

/**
 * The faults of a cluster, in `faults.json` in its folder. It is written before a fault is injected, so that what
 * a killed process left broken can be healed by another one. Processes may share it: each change starts from
 * the file, and holds a lock meanwhile.
 */
export class FaultLog {
  readonly #path: string;
  readonly #lock: string;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
    this.#lock = `faults-${createHash('sha256').update(path).digest('hex').slice(0, 16)}`;
  }

  /** @throws CannotTellError `FAULT_LOG` when the file is there but cannot be read */
  static async open(cluster: Pick<ClusterState, 'name'>): Promise<FaultLog> {
    const log = new FaultLog(join(clusterDir(cluster.name), 'faults.json'));
    await log.records();
    return log;
  }

  /** All faults, in the order in which they began. */
  async records(): Promise<FaultRecord[]> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new CannotTellError('FAULT_LOG', `${this.#path} cannot be read`, { cause: error });
    }
    try {
      // What JSON leaves out is absent, never undefined.
      return fileSchema.parse(JSON.parse(text)) as FaultRecord[];
    } catch (error) {
      throw new CannotTellError('FAULT_LOG', `${this.#path} is not a list of faults`, { cause: error instanceof z.ZodError ? new Error(z.prettifyError(error)) : error, next: 'edgeproof down removes the cluster and this file with it' });
    }
  }

  /** Faults that have not ended. */
  async active(): Promise<FaultRecord[]> {
    return (await this.records()).filter((record) => record.endedAt === undefined);
  }

  /** @throws CannotTellError `FAULT_UNKNOWN` */
  async get(id: string): Promise<FaultRecord> {
    const records = await this.records();
    const record = records.find((one) => one.id === id);
    if (record !== undefined) return record;
    throw new CannotTellError('FAULT_UNKNOWN', `no fault ${id} is on record`, { next: 'edgeproof fault list shows those that are' });
  }

  /** Adds a record, or puts it in the place of the one with its id. On disk when this is done. */
  async put(record: FaultRecord): Promise<FaultRecord> {
    const write = this.#last.then(async () => {
      await using _ = await lock(this.#lock, { timeoutMs: lockTimeoutMs });
      const records = await this.records();
      const index = records.findIndex((one) => one.id === record.id);
      await this.#write(index === -1 ? [...records, record] : records.with(index, record));
    });
    this.#last = write.catch(() => {});
    await write;
    return record;
  }

  async #write(records: readonly FaultRecord[]): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const draft = `${this.#path}.${process.pid}`;
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(records, undefined, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(draft, 0o600); // a draft left by a crash may have had another mode
    await rename(draft, this.#path);
  }
}
