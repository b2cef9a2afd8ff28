import type { Manifest } from '../kube/objects.ts';

/**
 * Has the kubelet ask kubeadm's CoreDNS every second whether it is ready. kubeadm leaves Kubernetes' own 10 s: a Pod that was not
 * ready at the first look, and CoreDNS is not before it has heard of all Services, waits that long for the second.
 */
export const coreDnsProbe: Manifest = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'coredns', namespace: 'kube-system' },
  spec: { template: { spec: { containers: [{ name: 'coredns', readinessProbe: { periodSeconds: 1 } }] } } },
};
