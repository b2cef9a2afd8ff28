import { flannelImage } from '../../images/versions.ts';
import type { Manifest } from '../kube/objects.ts';
import type { Topology } from '../../topologies/schema.ts';

export const flannelNamespace = 'kube-flannel';
/** A node's device of the overlay: its VTEP. */
export const vtepDevice = 'flannel.1';

/**
 * Tells the runtime of flannel once flannel can be asked. Upstream's init container does so before flanneld has begun: the node is
 * Ready, its first sandboxes find no subnet, and the kubelet tries again 10 to 15 s later.
 */
const installCni = `until [ -e /run/flannel/subnet.env ]; do sleep 0.1; done
cp -f /etc/kube-flannel/cni-conf.json /etc/cni/net.d/.10-flannel && mv -f /etc/cni/net.d/.10-flannel /etc/cni/net.d/10-flannel.conflist`;

/**
 * flannel as upstream deploys it (Documentation/kube-flannel.yml), but for when the runtime is told of it: its own namespace, a ServiceAccount that may read
 * nodes and patch their status, a DaemonSet on the host network of every node.
 */
export function flannelManifests(overlay: Topology['overlay']): Manifest[] {
  const metadata = { name: 'flannel', labels: { 'k8s-app': 'flannel' } };
  const labels = { app: 'flannel', tier: 'node' };
  const mount = (name: string, mountPath: string): object => ({ name, mountPath });
  const hostPath = (name: string, path: string, type = 'DirectoryOrCreate'): object => ({ name, hostPath: { path, type } });
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: flannelNamespace, labels: { 'k8s-app': 'flannel', 'pod-security.kubernetes.io/enforce': 'privileged' } } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...metadata, namespace: flannelNamespace } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata,
      rules: [
        { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'flannel' },
      subjects: [{ kind: 'ServiceAccount', name: 'flannel', namespace: flannelNamespace }],
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kube-flannel-cfg', namespace: flannelNamespace, labels },
      data: {
        'net-conf.json': JSON.stringify({ Network: overlay.podSubnet, EnableNFTables: false, Backend: { Type: overlay.backend } }),
        'cni-conf.json': JSON.stringify({
          name: 'cbr0',
          cniVersion: '1.0.0',
          plugins: [
            { type: 'flannel', delegate: { hairpinMode: true, isDefaultGateway: true } },
            { type: 'portmap', capabilities: { portMappings: true } },
          ],
        }),
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'kube-flannel-ds', namespace: flannelNamespace, labels },
      spec: {
        selector: { matchLabels: { app: 'flannel' } },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '100%' } },
        template: {
          metadata: { labels },
          spec: {
            hostNetwork: true,
            priorityClassName: 'system-node-critical',
            serviceAccountName: 'flannel',
            tolerations: [{ operator: 'Exists' }],
            terminationGracePeriodSeconds: 2,
            containers: [
              {
                name: 'kube-flannel',
                image: flannelImage,
                imagePullPolicy: 'Never',
                command: ['/opt/bin/flanneld', '--ip-masq'],
                lifecycle: { postStart: { exec: { command: ['sh', '-c', installCni] } } },
                resources: { requests: { cpu: '10m', memory: '30Mi' } },
                securityContext: { privileged: false, capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } },
                // Told its node, flannel need not read Pods to learn it: one right less.
                env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
                volumeMounts: [mount('run', '/run/flannel'), mount('cni', '/etc/cni/net.d'), mount('flannel-cfg', '/etc/kube-flannel/'), mount('xtables-lock', '/run/xtables.lock')],
              },
            ],
            volumes: [
              hostPath('run', '/run/flannel'),
              hostPath('cni', '/etc/cni/net.d'),
              { name: 'flannel-cfg', configMap: { name: 'kube-flannel-cfg' } },
              hostPath('xtables-lock', '/run/xtables.lock', 'FileOrCreate'),
            ],
          },
        },
      },
    },
  ];
}
