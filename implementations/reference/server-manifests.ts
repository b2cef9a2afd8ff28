import type { KeyPair } from '../../core/pki.ts';
import { tierNodeLabel } from '../../harness/cluster/labels.ts';
import type { Manifest } from '../../harness/kube/objects.ts';
import { tunnel } from '../../harness/wan/services.ts';
import type { Topology } from '../../topologies/schema.ts';
import { nodeFlags } from '../../components/tunnel/common/node-flags.ts';
import { bundlePath } from './images.ts';
import { agentsSecretName, agentsService, clients, componentsImage, connectAddress, namespace, peersService, ports, serverName } from './names.ts';
import { base64, flagsOf, lockedDown, mount, nonRoot, onCloudNodes } from './pod-parts.ts';

const labels = { app: serverName };
const rbac = 'rbac.authorization.k8s.io/v1';
/** Streams that are open when a server is replaced may go on for this long. Seconds. */
const drainSeconds = 600;

/** Two at the least: one may be lost. Never more than cloud nodes to put them on, beyond that. */
export const serverReplicas = ({ cloud }: Pick<Topology, 'cloud'>): number => Math.max(2, Math.min(3, cloud.workers));

/** What servers show to agents: of an authority of its own, which is rotated without those who come to the CONNECT port. */
export const agentsSecret = ({ certPem, keyPem }: KeyPair): Manifest =>
  ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: agentsSecretName, namespace, labels }, type: 'kubernetes.io/tls', data: { 'tls.crt': base64(certPem), 'tls.key': base64(keyPem) } });

/** The servers: on cloud nodes, behind one address for the API server and one NodePort for the agents. */
export function serverManifests(topology: Topology, certificates: { readonly ca: KeyPair; readonly server: KeyPair; readonly agents: KeyPair }): Manifest[] {
  const metadata = { name: serverName, namespace, labels };
  const account = { kind: 'ServiceAccount', name: serverName, namespace };
  const service = (name: string, spec: object): Manifest => ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels }, spec: { selector: labels, ...spec } });
  const port = (name: keyof typeof ports, rest: object = {}): object => ({ name, port: ports[name], targetPort: name, protocol: 'TCP', ...rest });
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    // Which nodes there are, and which other servers: it reads no more.
    { apiVersion: rbac, kind: 'ClusterRole', metadata: { name: serverName, labels }, rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['list', 'watch'] }] },
    { apiVersion: rbac, kind: 'ClusterRoleBinding', metadata: { name: serverName, labels }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: serverName }, subjects: [account] },
    { apiVersion: rbac, kind: 'Role', metadata, rules: [{ apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] }] },
    { apiVersion: rbac, kind: 'RoleBinding', metadata, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: serverName }, subjects: [account] },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': base64(certificates.server.certPem), 'tls.key': base64(certificates.server.keyPem), 'ca.crt': base64(certificates.ca.certPem) },
    },
    agentsSecret(certificates.agents),
    service(serverName, { clusterIP: connectAddress(topology.overlay.serviceSubnet), ports: [port('connect')] }),
    service(agentsService, { type: 'NodePort', ports: [port('agents', { nodePort: tunnel.port })] }),
    // Also those that are not Ready: a server that drains still has streams that its peers carry.
    service(peersService, { clusterIP: 'None', publishNotReadyAddresses: true, ports: [port('peers')] }),
    { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec: { minAvailable: 1, selector: { matchLabels: labels } } },
    deployment(topology),
  ];
}

function deployment(topology: Topology): Manifest {
  const { cloud, overlay } = topology;
  const probe = (path: string, rest: object = {}): object => ({ httpGet: { path, port: 'health' }, timeoutSeconds: 5, ...rest });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: serverName, namespace, labels },
    spec: {
      replicas: serverReplicas(topology),
      selector: { matchLabels: labels },
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: serverName,
          priorityClassName: 'system-cluster-critical',
          ...onCloudNodes(cloud),
          topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: labels } }],
          terminationGracePeriodSeconds: drainSeconds + 30,
          securityContext: { ...nonRoot, fsGroup: nonRoot.runAsGroup },
          containers: [{
            name: serverName,
            image: componentsImage,
            imagePullPolicy: 'Never',
            args: [...nodeFlags, bundlePath(serverName), ...flagsOf({
              cert: '/etc/edge-tunnel/tls/tls.crt',
              key: '/etc/edge-tunnel/tls/tls.key',
              ca: '/etc/edge-tunnel/tls/ca.crt',
              agentsCert: '/etc/edge-tunnel/agents/tls.crt',
              agentsKey: '/etc/edge-tunnel/agents/tls.key',
              nodeCa: '/etc/edge-tunnel/nodes/ca.crt',
              crl: '/etc/edge-tunnel/revoked/revoked.crl',
              clusterClients: clients.apiserver,
              kubeletClients: clients.metricsServer,
              edgeLabel: `${tierNodeLabel}=edge`,
              directCidrs: overlay.serviceSubnet,
              namespace,
              peerService: peersService,
              drainMs: drainSeconds * 1000,
            })],
            ports: Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort })),
            readinessProbe: probe('/readyz', { periodSeconds: 1 }),
            livenessProbe: probe('/healthz', { periodSeconds: 10, initialDelaySeconds: 10 }),
            resources: { requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '768Mi' } },
            securityContext: lockedDown,
            volumeMounts: [mount('tls', '/etc/edge-tunnel/tls'), mount('agents', '/etc/edge-tunnel/agents'), mount('nodes', '/etc/edge-tunnel/nodes'), mount('revoked', '/etc/edge-tunnel/revoked')],
          }],
          volumes: [
            { name: 'tls', secret: { secretName: serverName, defaultMode: 0o440 } },
            { name: 'agents', secret: { secretName: agentsSecretName, defaultMode: 0o440 } },
            // The cluster's CA, which signs kubelets: who dials with such a certificate and a node's name is that node.
            { name: 'nodes', configMap: { name: 'kube-root-ca.crt' } },
            { name: 'revoked', configMap: { name: 'edge-tunnel-revoked', optional: true } },
          ],
        },
      },
    },
  };
}
