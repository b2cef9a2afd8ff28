import { once } from 'node:events';
import { lstatSync, unlinkSync, type Stats } from 'node:fs';
import { connect, type Server, type Socket } from 'node:net';
import { EdgeproofError, UsageError } from '../../../core/errors.ts';
import { cut } from '../protocol/index.ts';

export interface UnixPortOptions {
  /** Makes the server. */
  readonly create: () => Server;
  /** Something is wrong with the port itself, and it goes on. */
  readonly troubled: (reason: string) => void;
}

/** For whoever runs as the user of this process, and root. */
const othersMask = 0o177;

/** A Unix socket: whoever may open its file is let in. */
export class UnixPort {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();

  constructor({ create, troubled }: UnixPortOptions) {
    this.#server = create();
    this.#server.on('connection', (socket: Socket) => {
      this.#connections.add(socket);
      socket.once('close', () => this.#connections.delete(socket));
    });
    this.#server.on('error', (error: NodeJS.ErrnoException) => troubled(error.code ?? error.message));
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /**
   * What a process that is gone has left there is replaced.
   *
   * @throws EdgeproofError SOCKET_TAKEN when another process serves there; UsageError for a path where no socket can be
   */
  async listen(path: string): Promise<void> {
    await removeStale(path);
    // The file is made in this turn of the event loop, and never has another mode.
    const mask = process.umask(othersMask);
    try {
      this.#server.listen(path);
    } finally {
      process.umask(mask);
    }
    try {
      await once(this.#server, 'listening');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EADDRINUSE') throw taken(path);
      throw unusable(path, cause);
    }
  }

  /** Takes no more connections, and removes the file. Resolves when the last one is over. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.#connections) cut(socket);
  }
}

const taken = (path: string): EdgeproofError => new EdgeproofError('SOCKET_TAKEN', `another process serves at ${path}`, { next: 'stop it, or give this one another path' });
const unusable = (path: string, cause: unknown): UsageError => new UsageError(`no socket can be made at ${path}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`, { cause, next: 'give a path in a folder that is there and that this process may write to' });

async function removeStale(path: string): Promise<void> {
  let stats: Stats | undefined;
  try {
    stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return;
    if (!stats.isSocket()) throw new UsageError(`${path} is there, and is no socket`, { next: 'give another path' });
    if (await answers(path)) throw taken(path);
    unlinkSync(path);
  } catch (cause) {
    throw cause instanceof EdgeproofError ? cause : unusable(path, cause);
  }
}

/** Whether a process has this socket open. @throws the system's error when that cannot be told */
async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Its queue is full (unix(7)): there is somebody who does not take connections now.
    if (code === 'EAGAIN') return true;
    // Nobody has it open; or it has just been removed.
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return false;
    throw error;
  } finally {
    socket.destroy();
  }
}
