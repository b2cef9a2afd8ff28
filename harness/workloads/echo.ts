import { workloadImage } from '../../images/versions.ts';
import type { Manifest } from '../kube/objects.ts';
import { placementSpec, type Placement } from './placement.ts';

export interface EchoOptions {
  readonly name: string;
  readonly namespace: string;
  readonly placement: Placement;
  /** `Pod` is one that no controller would replace. Default: Deployment. */
  readonly kind?: 'Deployment' | 'DaemonSet' | 'StatefulSet' | 'Pod';
  /** Default: 1. A DaemonSet has none. */
  readonly replicas?: number;
  readonly hostNetwork?: boolean;
  /** TCP port of its HTTP server. Two on the host's network of one node need two. Default: 8080. */
  readonly port?: number;
  readonly tolerateEdge?: boolean;
  /** Seconds after which the cloud evicts its Pods from an unreachable node. Default: Kubernetes' own 300. */
  readonly evictAfterSeconds?: number;
  /** Default: the namespace's own. */
  readonly serviceAccount?: string;
  /** What it asks for of a processor, as Kubernetes writes it. Default: next to nothing, so on a busy machine it may have to wait for seconds. */
  readonly cpu?: string;
}

/** What an echo application answers to `GET /`: who it is, by its own environment. */
export interface EchoAnswer {
  readonly name: string;
  readonly uid: string;
  readonly ip: string;
  readonly node: string;
}

export const defaultPort = 8080;
export const echoLabel = 'edgeproof.dev/echo';
/** The container's name in every workload of edgeproof. */
export const echoContainer = 'echo';

/** What an echo application writes to its log when it starts, line by line. */
export const echoLogLines = (podName: string): string[] => [1, 2, 3].map((line) => `edgeproof line ${line} of ${podName}`);

/*
 * PID 1 gets no default signal handlers: without the trap, every stop would take the whole grace period. httpd runs as a
 * child so that the trap is heard at once; when the shell goes, the kernel ends the rest of its PID namespace.
 */
const script = [
  `trap 'exit 0' TERM INT`,
  'mkdir -p /tmp/www',
  `printf '{"name":"%s","uid":"%s","ip":"%s","node":"%s"}\\n' "$POD_NAME" "$POD_UID" "$POD_IP" "$NODE_NAME" > /tmp/www/index.html`,
  'for line in 1 2 3; do echo "edgeproof line $line of $POD_NAME"; done',
  'httpd -f -p "$PORT" -h /tmp/www &',
  'wait $!',
].join('\n');

const fromField = (name: string, fieldPath: string): object => ({ name, valueFrom: { fieldRef: { fieldPath } } });

/** An application that says who it is over HTTP: starts and stops in well under a second, and asks for next to nothing. */
export function echoWorkload(options: EchoOptions): Manifest {
  const { name, namespace, kind = 'Deployment', replicas = 1 } = options;
  const labels = { [echoLabel]: name };
  const metadata = { name, namespace, labels };
  const spec = podSpec(options);
  if (kind === 'Pod') return { apiVersion: 'v1', kind, metadata, spec };
  const template = { metadata: { labels }, spec };
  const selector = { matchLabels: labels };
  const perKind = {
    Deployment: { replicas, selector, template },
    DaemonSet: { selector, template },
    StatefulSet: { replicas, selector, template, serviceName: name },
  }[kind];
  return { apiVersion: 'apps/v1', kind, metadata, spec: perKind };
}

function podSpec(options: EchoOptions): object {
  const placed = placementSpec(options.placement, options.tolerateEdge === undefined ? {} : { tolerateEdge: options.tolerateEdge }) as { tolerations: object[] };
  const evictable = options.evictAfterSeconds === undefined ? [] : [evictAfter('unreachable', options.evictAfterSeconds), evictAfter('not-ready', options.evictAfterSeconds)];
  return {
    ...placed,
    tolerations: [...placed.tolerations, ...evictable],
    hostNetwork: options.hostNetwork ?? false,
    // Kubernetes' default would give one on the host's network the host's DNS, which knows no Service.
    ...(options.hostNetwork === true && { dnsPolicy: 'ClusterFirstWithHostNet' }),
    ...(options.serviceAccount !== undefined && { serviceAccountName: options.serviceAccount }),
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: echoContainer,
        image: workloadImage,
        imagePullPolicy: 'Never',
        command: ['sh', '-c', script],
        // No containerPort: with the host's network it would become a hostPort that the scheduler counts.
        env: [
          { name: 'PORT', value: String(options.port ?? defaultPort) },
          fromField('POD_NAME', 'metadata.name'),
          fromField('POD_UID', 'metadata.uid'),
          fromField('POD_IP', 'status.podIP'),
          fromField('NODE_NAME', 'spec.nodeName'),
        ],
        resources: { requests: { cpu: options.cpu ?? '1m', memory: '4Mi' } },
      },
    ],
  };
}

const evictAfter = (condition: string, tolerationSeconds: number): object => ({ key: `node.kubernetes.io/${condition}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds });

/** A ClusterIP Service, on port 80, of an echo application. */
export function echoService(name: string, namespace: string, targetPort = defaultPort): Manifest {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector: { [echoLabel]: name }, ports: [{ port: 80, targetPort, protocol: 'TCP' }] } };
}
