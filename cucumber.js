/*
 * The CLI runs this (it owns the cluster): `edgeproof conformance`. Order matters little to the result and much to the
 * reader: first whether the cluster is one at all, then what is promised of it.
 */
const capabilities = ['lifecycle', 'tunnel', 'autonomy', 'identity', 'units'];

export default {
  paths: capabilities.map((capability) => `features/${capability}/**/*.feature`),
  import: ['steps/**/!(*.test).ts'],
  format: ['./steps/support/progress-formatter.ts'],
  order: 'defined',
  parallel: 0,
  retry: 0,
  strict: true,
};
