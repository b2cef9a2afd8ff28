import type { Implementation } from '../../harness/implementation.ts';
import { implementation as stock } from '../stock/implementation.ts';

/** edgeproof's own components. Until they come it is what `stock` is, and claims no more. */
export const implementation: Implementation = {
  ...stock,
  name: 'reference',
  description: "edgeproof's own edge components (none yet: a plain cluster)",
};
