import { kubeadmImages } from '../../../images/versions.ts';
import type { Manifest } from '../../../harness/kube/objects.ts';
import { lockedDown, loopbackProbe, mount, onEdgeNodes } from '../pod-parts.ts';
import { dnsHealthPort, dnsName, dnsReadyPort, hubPort, nodeAddress } from './names.ts';

/** Where the cluster's own DNS is too: Pods there may use the host's network and the priority of a node's own parts. */
export const dnsNamespace = 'kube-system';
const labels = { app: dnsName };
const rbac = 'rbac.authorization.k8s.io/v1';

/** As kubeadm's, for one address. A name of the outside is asked of the node's own resolver: cut off, it fails, and others go on. */
const corefile = `.:53 {
    bind ${nodeAddress}
    errors
    health 127.0.0.1:${dnsHealthPort}
    ready 127.0.0.1:${dnsReadyPort}
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    loadbalance
}
`;

/**
 * A CoreDNS on each edge node, at an address that only this node has: names are known there without the cloud. It learns of Services
 * from the node's hub, as any client with a plain in-cluster config does.
 *
 * @param options `notOn`: names of edge nodes that have no hub
 */
export function dnsManifests({ notOn = [] }: { readonly notOn?: readonly string[] } = {}): Manifest[] {
  const metadata = { name: dnsName, namespace: dnsNamespace, labels };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: rbac,
      kind: 'ClusterRole',
      metadata: { name: dnsName, labels },
      rules: [
        { apiGroups: [''], resources: ['services', 'namespaces'], verbs: ['list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
      ],
    },
    { apiVersion: rbac, kind: 'ClusterRoleBinding', metadata: { name: dnsName, labels }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: dnsName }, subjects: [{ kind: 'ServiceAccount', name: dnsName, namespace: dnsNamespace }] },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { Corefile: corefile } },
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata,
      spec: {
        selector: { matchLabels: labels },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '34%' } },
        template: {
          metadata: { labels },
          spec: {
            hostNetwork: true,
            // Of the node's own resolver.
            dnsPolicy: 'Default',
            serviceAccountName: dnsName,
            enableServiceLinks: false,
            ...onEdgeNodes,
            ...(notOn.length > 0 && { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: [...notOn] }] }] } } } }),
            securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
            containers: [{
              name: dnsName,
              image: kubeadmImages.coredns,
              imagePullPolicy: 'IfNotPresent',
              args: ['-conf', '/etc/coredns/Corefile'],
              // The hub by its address: by the Service's, it is the cloud's API server until kube-proxy has written this node's rules, and what that says the hub does not remember.
              env: [{ name: 'KUBERNETES_SERVICE_HOST', value: nodeAddress }, { name: 'KUBERNETES_SERVICE_PORT', value: String(hubPort) }],
              readinessProbe: loopbackProbe(dnsReadyPort, '/ready', { periodSeconds: 1 }),
              livenessProbe: loopbackProbe(dnsHealthPort, '/health', { periodSeconds: 10, initialDelaySeconds: 10 }),
              resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '170Mi' } },
              securityContext: { ...lockedDown, runAsUser: 0, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } },
              volumeMounts: [mount('config', '/etc/coredns')],
            }],
            volumes: [{ name: 'config', configMap: { name: dnsName } }],
          },
        },
      },
    },
  ];
}
