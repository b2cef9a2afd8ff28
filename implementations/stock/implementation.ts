import type { Implementation } from '../../harness/implementation.ts';
import { kubernetesVersion } from '../../images/versions.ts';

/** Plain Kubernetes with flannel: the negative control. What passes here needs no edge components. */
export const implementation: Implementation = {
  name: 'stock',
  description: 'plain Kubernetes with flannel, nothing added: the negative control',
  version: kubernetesVersion,
  claims: ['lifecycle'],
  install: async () => {},
  uninstall: async () => {},
};
