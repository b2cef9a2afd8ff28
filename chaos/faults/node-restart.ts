import { type Fault } from '../fault.ts';
import { powerFault } from '../power-fault.ts';
import { type Target } from '../target.ts';

/**
 * The node shuts down in order and boots. It is stopped and started rather than restarted, so that its address can
 * be held in between; the node cannot tell the difference.
 */
export const nodeRestart = (target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> =>
  // systemd stops everything within a few seconds; after 30 Docker kills it.
  powerFault(target, (docker, node, signal) => docker.run(['stop', '--time', '30', node], { timeoutMs: 60_000, signal }));
