import { stringify } from 'yaml';
import type { Topology } from '../../topologies/schema.ts';
import { edgeTaint } from './labels.ts';
import { planNodes, type PlannedNode } from './plan-nodes.ts';
import type { Tier } from './state.ts';

export interface NodeMount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readOnly?: boolean;
}

/**
 * What an implementation adds to the kind config. `kubeadm` holds merge patches as YAML texts, each with a kind
 * (`ClusterConfiguration`, `JoinConfiguration`, `KubeletConfiguration`, …): kind merges `extraArgs` and `certSANs`
 * by name and replaces every other list.
 */
export interface KindPatches {
  readonly kubeadm?: readonly string[];
  readonly controlPlaneMounts?: readonly NodeMount[];
  /** For the workers of one tier only. */
  readonly workers?: Partial<Record<Tier, { readonly kubeadm?: readonly string[]; readonly mounts?: readonly NodeMount[] }>>;
}

export interface KindConfigOptions {
  /** Node images by tier: edge nodes have one without the control plane's images. */
  readonly images: Readonly<Record<Tier, string>>;
  readonly patches?: KindPatches;
  /** The folder of kubeadm's own patches, for control planes. */
  readonly kubeadmPatches?: NodeMount;
}

// kind reads YAML 1.1, where a bare `on` is a boolean; and an alias helps nobody who reads the file.
const yaml = (value: unknown): string => stringify(value, { version: '1.1', aliasDuplicateObjects: false });

/**
 * How soon the cloud notices that a node is gone, in seconds: `grace` after its last word, which is its lease, that a kubelet
 * renews after a quarter of `lease`. Kubernetes' own are 50 and 40. No promise is about the figure, and who is cut off for longer
 * waits longer too: a kubelet that was refused for 50 s tries again up to 50 s later.
 */
export const noticing = { grace: 20, lease: 20 } as const;

/**
 * How many unreachable nodes of a zone the cloud taints in a second, so that their Pods' tolerations begin to run. Kubernetes' own is
 * one in 10 s: who cuts off a site of two nodes waits that much longer until both are treated as what they are. Any rate but 1: the limiter that
 * stops all evictions while no node is Ready, as during a boot, says of itself that it has that rate, and so is never replaced by one that has it
 * (SwapLimiter of pkg/controller/nodelifecycle/scheduler, fakeNeverRateLimiter of client-go's util/flowcontrol; seen with 1.37.2: no node was ever tainted).
 */
const evictionRate = 2;

const kubeadmApi = 'kubeadm.k8s.io/v1beta4';

/** The kind config (v1alpha4, YAML) of a cluster with this topology. Its name comes from `kind create cluster --name`. */
export function kindConfig(topology: Topology, { images, patches = {}, kubeadmPatches }: KindConfigOptions): string {
  const { overlay } = topology;
  return yaml({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    networking: {
      ipFamily: 'ipv4',
      disableDefaultCNI: true,
      kubeProxyMode: 'iptables',
      podSubnet: overlay.podSubnet,
      serviceSubnet: overlay.serviceSubnet,
    },
    kubeadmConfigPatches: [
      yaml({
        kind: 'ClusterConfiguration',
        apiVersion: kubeadmApi,
        controllerManager: {
          extraArgs: [
            { name: 'node-cidr-mask-size', value: String(overlay.nodeCidrMask) },
            { name: 'node-monitor-grace-period', value: `${noticing.grace}s` },
            { name: 'node-eviction-rate', value: String(evictionRate) },
          ],
        },
        // sixteen keys: RSA's take a second or two longer to make
        encryptionAlgorithm: 'ECDSA-P256',
      }),
      // Since 1.35 a kubelet does not start on cgroup v1 unless told to.
      yaml({ kind: 'KubeletConfiguration', apiVersion: 'kubelet.config.k8s.io/v1beta1', failCgroupV1: false, nodeLeaseDurationSeconds: noticing.lease }),
      ...(patches.kubeadm ?? []),
    ],
    nodes: planNodes('', topology).map((node) => ({
      role: node.role,
      image: images[node.tier],
      labels: node.labels,
      ...extras(node, patches, kubeadmPatches),
    })),
  });
}

function extras(node: PlannedNode, patches: KindPatches, kubeadmPatches: NodeMount | undefined): { kubeadmConfigPatches?: string[]; extraMounts?: NodeMount[] } {
  const { kubeadm, mounts } = node.role === 'control-plane' ? forControlPlane(patches, kubeadmPatches) : forWorker(node.tier, patches);
  return {
    ...(kubeadm.length > 0 && { kubeadmConfigPatches: kubeadm }),
    ...(mounts.length > 0 && { extraMounts: mounts }),
  };
}

interface Extras {
  readonly kubeadm: string[];
  readonly mounts: NodeMount[];
}

function forControlPlane({ controlPlaneMounts = [] }: KindPatches, own: NodeMount | undefined): Extras {
  if (own === undefined) return { kubeadm: [], mounts: [...controlPlaneMounts] };
  // The first is made by `init`; any other joins.
  const kubeadm = ['InitConfiguration', 'JoinConfiguration'].map((kind) => yaml({ kind, apiVersion: kubeadmApi, patches: { directory: own.containerPath } }));
  return { kubeadm, mounts: [...controlPlaneMounts, own] };
}

function forWorker(tier: Tier, { workers }: KindPatches): Extras {
  const worker = workers?.[tier];
  return { kubeadm: [...(tier === 'edge' ? [edgeRegistration] : []), ...(worker?.kubeadm ?? [])], mounts: [...(worker?.mounts ?? [])] };
}

// At registration, so that there is no moment at which a cloud Pod could be scheduled there.
const edgeRegistration = yaml({
  kind: 'JoinConfiguration',
  apiVersion: kubeadmApi,
  nodeRegistration: { taints: [{ key: edgeTaint, effect: 'NoSchedule' }] },
});
