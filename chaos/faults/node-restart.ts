import { type Fault } from '../fault.ts';
import { powerFault } from '../power-fault.ts';
import { type Target } from '../target.ts';

/**
 * The node shuts down in order and boots. It is stopped and started rather than restarted, so that its address can
 * be held in between; the node cannot tell the difference.
 */
export const nodeRestart = (target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> =>
  // 10 s as `docker restart` gives: systemd waits longer for a container whose PID 1 does not heed SIGTERM.
  powerFault(target, (docker, node) => docker.run(['stop', '--time', '10', node], { timeoutMs: 60_000 }));
