import { metricsServerImage } from '../../images/versions.ts';
import type { Topology } from '../../topologies/schema.ts';
import type { KubePod, Manifest } from '../kube/objects.ts';
import { tierNodeLabel } from './labels.ts';
import type { ServingCertificate } from './serving-certificate.ts';

const name = 'metrics-server';
const namespace = 'kube-system';
const labels = { 'k8s-app': name };
const certificateSecret = 'metrics-server-serving';
const certificateFolder = '/etc/metrics-server/serving';
const controlPlane = 'node-role.kubernetes.io/control-plane';

/** What the API server calls it by: the name its certificate must carry. */
export const metricsServerName = `${name}.${namespace}.svc`;

/**
 * Whether it is Ready says whether it can reach a kubelet, which is the implementation's part: kubelets whose serving certificates
 * wait for an approval answer nobody. A cluster is whole without it.
 */
export const isMetricsServer = ({ metadata }: KubePod): boolean => metadata.namespace === namespace && metadata.labels?.['k8s-app'] === name;

/** How metrics-server reaches kubelets. Without any of it: directly, and without verifying their certificates. */
export interface MetricsServerOptions {
  /** Replaces `--kubelet-insecure-tls`. */
  readonly kubeletFlags?: readonly string[];
  /** As in a Pod's spec: added to the container's and the Pod's own. */
  readonly env?: readonly object[];
  readonly volumeMounts?: readonly object[];
  readonly volumes?: readonly object[];
  /** Annotations of the Pod: a change of what a volume holds can be made to restart it. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * metrics-server as upstream deploys it (components.yaml of the release), on a cloud node. The API server verifies it: upstream
 * leaves that out (`insecureSkipTLSVerify`).
 *
 * @param serving for {@link metricsServerName}
 */
export function metricsServerManifests({ cloud }: Pick<Topology, 'cloud'>, serving: ServingCertificate): Manifest[] {
  const account = { kind: 'ServiceAccount', name, namespace };
  const rbac = 'rbac.authorization.k8s.io/v1';
  const roleRef = (kind: string, role: string): object => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name: role });
  const aggregate = Object.fromEntries(['view', 'edit', 'admin'].map((role) => [`rbac.authorization.k8s.io/aggregate-to-${role}`, 'true']));
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace, labels } },
    {
      apiVersion: rbac,
      kind: 'ClusterRole',
      metadata: { name: 'system:aggregated-metrics-reader', labels: { ...labels, ...aggregate } },
      rules: [{ apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
    },
    {
      apiVersion: rbac,
      kind: 'ClusterRole',
      metadata: { name: 'system:metrics-server', labels },
      rules: [
        { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
        { apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] },
      ],
    },
    { apiVersion: rbac, kind: 'RoleBinding', metadata: { name: 'metrics-server-auth-reader', namespace, labels }, roleRef: roleRef('Role', 'extension-apiserver-authentication-reader'), subjects: [account] },
    { apiVersion: rbac, kind: 'ClusterRoleBinding', metadata: { name: 'metrics-server:system:auth-delegator', labels }, roleRef: roleRef('ClusterRole', 'system:auth-delegator'), subjects: [account] },
    { apiVersion: rbac, kind: 'ClusterRoleBinding', metadata: { name: 'system:metrics-server', labels }, roleRef: roleRef('ClusterRole', 'system:metrics-server'), subjects: [account] },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: certificateSecret, namespace, labels },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': base64(serving.certificate), 'tls.key': base64(serving.privateKey) },
    },
    { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels }, spec: { selector: labels, ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 'https', appProtocol: 'https' }] } },
    metricsServerDeployment({ cloud }),
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta1.metrics.k8s.io', labels },
      spec: { group: 'metrics.k8s.io', version: 'v1beta1', groupPriorityMinimum: 100, versionPriority: 100, service: { name, namespace, port: 443 }, caBundle: base64(serving.authority) },
    },
  ];
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/**
 * The Deployment alone: an implementation applies it again with its own way to the kubelets, and without options to undo that.
 * It is Ready once it has heard a kubelet in two rounds; nodes that it cannot reach hold it up for no longer than their time-out.
 */
export function metricsServerDeployment({ cloud }: Pick<Topology, 'cloud'>, options: MetricsServerOptions = {}): Manifest {
  const probe = (path: string, rest: object): object => ({ httpGet: { path, port: 'https', scheme: 'HTTPS' }, ...rest });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels },
    spec: {
      selector: { matchLabels: labels },
      strategy: { rollingUpdate: { maxUnavailable: 0 } },
      template: {
        metadata: { labels, ...(options.annotations && { annotations: options.annotations }) },
        spec: {
          serviceAccountName: name,
          priorityClassName: 'system-cluster-critical',
          nodeSelector: { 'kubernetes.io/os': 'linux', [tierNodeLabel]: 'cloud' },
          // Beside the API server only where there is no other cloud node: the way to an aggregated API is part of what is graded.
          tolerations: cloud.workers > 0 ? [] : [{ key: controlPlane, operator: 'Exists', effect: 'NoSchedule' }],
          containers: [{
            name,
            image: metricsServerImage,
            imagePullPolicy: 'Never',
            args: [
              '--secure-port=10250',
              `--tls-cert-file=${certificateFolder}/tls.crt`,
              `--tls-private-key-file=${certificateFolder}/tls.key`,
              '--kubelet-preferred-address-types=InternalIP',
              '--kubelet-use-node-status-port',
              // The time of a round, and the shortest it takes (upstream: 15s): until the second there is nothing to tell.
              '--metric-resolution=10s',
              // A round lasts as long as its slowest node (upstream: 10s).
              '--kubelet-request-timeout=3s',
              ...(options.kubeletFlags ?? ['--kubelet-insecure-tls']),
            ],
            env: [...(options.env ?? [])],
            resources: { requests: { cpu: '100m', memory: '200Mi' } },
            ports: [{ name: 'https', containerPort: 10250, protocol: 'TCP' }],
            readinessProbe: probe('/readyz', { periodSeconds: 2, failureThreshold: 3 }),
            livenessProbe: probe('/livez', { periodSeconds: 10, failureThreshold: 3 }),
            securityContext: { readOnlyRootFilesystem: true, runAsNonRoot: true, runAsUser: 1000, allowPrivilegeEscalation: false, seccompProfile: { type: 'RuntimeDefault' }, capabilities: { drop: ['ALL'] } },
            volumeMounts: [{ name: 'serving', mountPath: certificateFolder, readOnly: true }, ...(options.volumeMounts ?? [])],
          }],
          volumes: [{ name: 'serving', secret: { secretName: certificateSecret } }, ...(options.volumes ?? [])],
        },
      },
    },
  };
}
