/*
 * The CLI runs this (it owns the cluster): `edgeproof conformance`. Order matters little to the result and much to the
 * reader: what runs beside others, then whether the cluster is one at all, then what is promised of it.
 */
const capabilities = ['lifecycle', 'tunnel', 'autonomy', 'identity', 'units'];

const graded = {
  paths: capabilities.map((capability) => `features/${capability}/**/*.feature`),
  import: ['steps/**/!(*.test).ts'],
  format: ['./steps/support/progress-formatter.ts'],
  plugin: ['./steps/support/order-by-ground.ts'],
  order: 'defined',
  // Who runs beside whom: steps/parallel.ts. Two, as budgets are meant for a machine that has room.
  parallel: 2,
  retry: 0,
  strict: true,
};

/** By profile. `demo`, of `edgeproof demo`: one scenario, told as it goes. */
export default () => ({ default: graded, demo: { ...graded, format: ['./steps/support/demo-formatter.ts'] } });
