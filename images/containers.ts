import { flannelImage, kubeadmImages, metricsServerImage, workloadImage } from './versions.ts';

/** A container image that is put into nodes. Each is one layer, unpacked when the node image is built. */
export interface ContainerImage {
  /** All names it is known by inside the node. */
  readonly tags: readonly string[];
  /** Path inside the image → program (of images/programs.ts). */
  readonly programs?: Readonly<Record<string, string>>;
  /** Path inside the image → file on this host. Everybody may read it; it is executable where it is so here. */
  readonly files?: Readonly<Record<string, string>>;
  /** Path inside the image → link target. */
  readonly links?: Readonly<Record<string, string>>;
  /** iptables of either flavour, with its libraries, and busybox: for what writes rules. */
  readonly iptables?: boolean;
  /** busybox under all its names in /bin. */
  readonly busybox?: boolean;
  /** /usr/local/bin/node, the Node that edgeproof itself runs on, with its libraries; users `root` and `nonroot` (65532); /tmp. */
  readonly node?: boolean;
  readonly entrypoint?: readonly string[];
}

const path = '/usr/local/bin';

const kubernetes = {
  programs: { [`${path}/kubernetes`]: 'kubernetes' },
  links: Object.fromEntries(['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'metrics-server'].map((name) => [`${path}/${name}`, 'kubernetes'])),
  iptables: true,
} as const;

const flannel: ContainerImage = { tags: [flannelImage], programs: { '/opt/bin/flanneld': 'flanneld' }, iptables: true, busybox: true, entrypoint: ['/opt/bin/flanneld'] };

/** What the test workloads run: a shell, an HTTP server and client, nc, ip, an admission webhook. */
const workload: ContainerImage = { tags: [workloadImage], programs: { [`${path}/webhook`]: 'webhook' }, busybox: true };

/** On its own, for upstream node images; nodes built here have it in the binary of Kubernetes. */
const metricsServer: ContainerImage = { tags: [metricsServerImage], programs: { '/metrics-server': 'metrics-server' }, entrypoint: ['/metrics-server'] };

const everywhere: readonly ContainerImage[] = [flannel, workload];

/** For every node from an upstream node image, which is one for cloud and edge. */
export const overlayContainers: readonly ContainerImage[] = [...everywhere, metricsServer];

/** For every node built here. */
export const edgeContainers: readonly ContainerImage[] = [
  ...everywhere,
  { ...kubernetes, tags: [kubeadmImages.kubeProxy] },
  { tags: [kubeadmImages.pause], programs: { '/pause': 'pause' }, entrypoint: ['/pause'] },
  // Kubernetes schedules the cluster's DNS to any node, and an implementation may have one on each.
  { tags: [kubeadmImages.coredns], programs: { '/coredns': 'coredns' }, entrypoint: ['/coredns'] },
];

/** For cloud nodes built here, on top of what edge nodes have. */
export const cloudContainers: readonly ContainerImage[] = [
  // The same layer again, under the names of the static Pods.
  { ...kubernetes, tags: kubeadmImages.kubernetes },
  { ...kubernetes, tags: [metricsServerImage], entrypoint: [`${path}/metrics-server`] },
  { tags: [kubeadmImages.etcd], programs: { [`${path}/etcd`]: 'etcd' } },
];
