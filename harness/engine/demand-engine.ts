import { once } from 'node:events';
import { connect } from 'node:net';
import { CannotTellError } from '../../core/errors.ts';
import type { Engine } from '../docker/docker.ts';

const socketPrefix = 'unix://';

/**
 * Before something waits for minutes for what only an engine can bring back. One elsewhere than on this machine is not asked: its network may be slow for a moment.
 *
 * @throws CannotTellError `ENGINE_GONE` when nobody listens on its socket
 */
export async function demandEngine({ host }: Pick<Engine, 'host'>): Promise<void> {
  if (!host.startsWith(socketPrefix)) return;
  const socket = connect(host.slice(socketPrefix.length));
  try {
    await once(socket, 'connect');
  } catch (error) {
    throw new CannotTellError('ENGINE_GONE', `the Docker engine at ${host} does not run any more`, { cause: error, next: 'see why it ended, then: edgeproof down --all' });
  } finally {
    socket.destroy();
  }
}
