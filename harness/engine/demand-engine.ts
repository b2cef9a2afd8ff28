import { once } from 'node:events';
import { connect } from 'node:net';
import { CannotTellError } from '../../core/errors.ts';
import type { Engine } from '../docker/docker.ts';

const socketPrefix = 'unix://';

/** Of an engine on this machine the path of its socket. One elsewhere is never asked whether it runs: its network may be slow for a moment. */
export const socketOf = ({ host }: Pick<Engine, 'host'>): string | undefined => (host.startsWith(socketPrefix) ? host.slice(socketPrefix.length) : undefined);

/** Nobody listens on the engine's socket. Nothing that needs it can work any more, and no waiting brings it back. */
export class EngineGoneError extends CannotTellError {
  constructor({ host }: Pick<Engine, 'host'>, cause: unknown) {
    super('ENGINE_GONE', `the Docker engine at ${host} does not run any more`, { cause, final: true, next: 'see why it ended, then: edgeproof down --all' });
  }
}

/** How it is told that nobody listens: connect(2). Whoever may not connect is told more by the docker program. */
const nobodyListens = ['ECONNREFUSED', 'ENOENT'];

/** @throws EngineGoneError */
export async function demandEngine(engine: Pick<Engine, 'host'>): Promise<void> {
  const path = socketOf(engine);
  if (path === undefined) return;
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch (error) {
    if (nobodyListens.includes((error as NodeJS.ErrnoException).code ?? '')) throw new EngineGoneError(engine, error);
  } finally {
    socket.destroy();
  }
}

export const engineIsGone = async (engine: Pick<Engine, 'host'>): Promise<boolean> => await demandEngine(engine).then(() => false, () => true);
