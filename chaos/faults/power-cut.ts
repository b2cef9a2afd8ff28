import { type Fault } from '../fault.ts';
import { powerFault } from '../power-fault.ts';
import { type Target } from '../target.ts';

/** The node is gone in the middle of whatever it did, and boots again. Several nodes lose their power together. */
export const powerCut = (target: Target): Pick<Fault, 'inject' | 'verify' | 'heal'> =>
  // Refused when the node has just died by itself: then it is off, which is what was wanted.
  powerFault(target, (docker, node) => docker.run(['kill', node], { timeoutMs: 30_000, accept: [0, 1] }));
