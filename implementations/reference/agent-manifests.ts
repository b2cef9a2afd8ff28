import { cloudNodes, type ClusterState } from '../../harness/cluster/state.ts';
import type { Manifest } from '../../harness/kube/objects.ts';
import { tunnel } from '../../harness/wan/services.ts';
import { nodeFlags } from '../../components/tunnel/common/node-flags.ts';
import { bundlePath } from './images.ts';
import { agentHealthPort, agentName, authoritiesName, componentsImage, namespace } from './names.ts';
import { flagsOf, lockedDown, loopbackProbe, mount, onEdgeNodes } from './pod-parts.ts';

const labels = { app: agentName };

/** Any cloud node answers at the tunnel's NodePort; a worker outlives an upgrade of the control plane. */
const loadBalancer = (cluster: ClusterState): string => {
  const cloud = cloudNodes(cluster);
  return `${(cloud.find(({ role }) => role === 'worker') ?? cloud[0]!).address}:${tunnel.port}`;
};

/** @param caPems of one authority; during a rotation the old and the new one */
export const authorities = (...caPems: readonly string[]): Manifest => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: authoritiesName, namespace, labels }, data: { 'ca.crt': caPems.join('') } });

/** The agents: one on each edge node, on its network, with its kubelet's certificate. They use no API and have no token. */
export function agentManifests(cluster: ClusterState, caPem: string): Manifest[] {
  return [
    authorities(caPem),
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: agentName, namespace, labels },
      spec: {
        selector: { matchLabels: labels },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '34%' } },
        template: {
          metadata: { labels },
          spec: {
            hostNetwork: true,
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            ...onEdgeNodes,
            terminationGracePeriodSeconds: 25,
            securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
            containers: [{
              name: agentName,
              image: componentsImage,
              imagePullPolicy: 'Never',
              args: [...nodeFlags, bundlePath(agentName), ...flagsOf({
                server: loadBalancer(cluster),
                cert: '/var/lib/kubelet/pki/kubelet-client-current.pem',
                key: '/var/lib/kubelet/pki/kubelet-client-current.pem',
                ca: '/etc/edge-tunnel/ca/ca.crt',
                podInterface: 'cni0',
                health: `127.0.0.1:${agentHealthPort}`,
              })],
              readinessProbe: loopbackProbe(agentHealthPort, '/readyz', { periodSeconds: 1 }),
              livenessProbe: loopbackProbe(agentHealthPort, '/healthz', { periodSeconds: 10, initialDelaySeconds: 10 }),
              resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '384Mi' } },
              // Root, for the kubelet's key is root's; without any capability.
              securityContext: { ...lockedDown, runAsUser: 0 },
              volumeMounts: [mount('kubelet-pki', '/var/lib/kubelet/pki'), mount('ca', '/etc/edge-tunnel/ca')],
            }],
            volumes: [
              { name: 'kubelet-pki', hostPath: { path: '/var/lib/kubelet/pki', type: 'Directory' } },
              { name: 'ca', configMap: { name: authoritiesName } },
            ],
          },
        },
      },
    },
  ];
}
