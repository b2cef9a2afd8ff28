import type { Manifest } from '../../../harness/kube/objects.ts';
import type { Topology } from '../../../topologies/schema.ts';
import { bundlePath } from '../images.ts';
import { componentsImage } from '../names.ts';
import { flagsOf, lockedDown, nonRoot, onCloudNodes } from '../pod-parts.ts';
import { autonomousLabel, controllerHealthPort, controllerName, namespace } from './names.ts';

const labels = { app: controllerName };
const rbac = 'rbac.authorization.k8s.io/v1';

/** Who keeps the Pods of autonomous nodes from being evicted. One is enough: what it does holds while it is away. */
export function controllerManifests({ cloud }: Pick<Topology, 'cloud'>): Manifest[] {
  const metadata = { name: controllerName, namespace, labels };
  const account = { kind: 'ServiceAccount', name: controllerName, namespace };
  const probe = (path: string, rest: object): object => ({ httpGet: { path, port: 'health' }, timeoutSeconds: 5, ...rest });
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: rbac,
      kind: 'ClusterRole',
      metadata: { name: controllerName, labels },
      rules: [
        { apiGroups: [''], resources: ['nodes'], verbs: ['list', 'watch'] },
        { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch', 'patch'] },
      ],
    },
    { apiVersion: rbac, kind: 'ClusterRoleBinding', metadata: { name: controllerName, labels }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: controllerName }, subjects: [account] },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: controllerName,
            priorityClassName: 'system-cluster-critical',
            ...onCloudNodes(cloud),
            securityContext: nonRoot,
            containers: [{
              name: controllerName,
              image: componentsImage,
              imagePullPolicy: 'Never',
              args: [bundlePath(controllerName), ...flagsOf({ autonomousLabel: `${autonomousLabel.key}=${autonomousLabel.value}`, health: `:${controllerHealthPort}` })],
              ports: [{ name: 'health', containerPort: controllerHealthPort }],
              readinessProbe: probe('/readyz', { periodSeconds: 1 }),
              livenessProbe: probe('/healthz', { periodSeconds: 10, initialDelaySeconds: 10 }),
              resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
              securityContext: lockedDown,
            }],
          },
        },
      },
    },
  ];
}
