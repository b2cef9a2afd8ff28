import { kubernetesVersion } from './versions.ts';

/** Programs built from one Go module below images/go. */
export interface ProgramGroup {
  readonly module: 'node' | 'tools' | 'wan' | 'bench' | 'load';
  /** Name of the binary, and the package it is built from (relative to the module, or a full import path). */
  readonly programs: Readonly<Record<string, string>>;
  /** Package variables set by the linker. */
  readonly variables?: Readonly<Record<string, string>>;
}

const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(kubernetesVersion) ?? [];
const version = 'k8s.io/component-base/version';
const plugins = 'github.com/containernetworking/plugins/plugins';
const containerd = 'github.com/containerd/containerd/v2/cmd';

// The same for all programs of the module "node", which are built by one command. kubeadm refuses a build that does not know its version, and kubectl tells it.
const variables = {
  [`${version}.gitVersion`]: kubernetesVersion,
  [`${version}.gitMajor`]: major ?? '',
  [`${version}.gitMinor`]: minor ?? '',
  [`${version}.gitTreeState`]: 'clean',
};

/** kind itself: needed whatever the images come from. */
export const toolPrograms: ProgramGroup = { module: 'tools', programs: { kind: 'sigs.k8s.io/kind' } };

export const wanPrograms: ProgramGroup = { module: 'wan', programs: { 'toxiproxy-server': 'github.com/Shopify/toxiproxy/v2/cmd/server' } };

/** What a cluster needs beyond upstream node images. */
export const overlayPrograms: ProgramGroup = {
  module: 'node',
  programs: {
    flanneld: './cmd/flanneld',
    flannel: './cmd/flannel',
    bridge: `${plugins}/main/bridge`,
    webhook: './cmd/webhook',
  },
  variables,
};

/** What upstream node images need besides, and those built here have in the binary of Kubernetes. */
export const pulledPrograms: ProgramGroup = { module: 'node', programs: { 'metrics-server': 'sigs.k8s.io/metrics-server/cmd/metrics-server' }, variables };

/** kubectl for this host, alone: as part of the binary with all of Kubernetes it takes almost twice the processor time to start, and a run starts thousands. */
export const kubectlProgram: ProgramGroup = { module: 'node', programs: { kubectl: 'k8s.io/kubernetes/cmd/kubectl' }, variables };

/** The rest of a node: Kubernetes in one binary, its runtime, and what its static Pods run. */
export const nodePrograms: ProgramGroup = {
  module: 'node',
  programs: {
    kubernetes: './cmd/kubernetes',
    etcd: './cmd/etcd',
    coredns: './cmd/coredns',
    pause: './cmd/pause',
    containerd: `${containerd}/containerd`,
    'containerd-shim-runc-v2': `${containerd}/containerd-shim-runc-v2`,
    ctr: `${containerd}/ctr`,
    crictl: 'sigs.k8s.io/cri-tools/cmd/crictl',
    loopback: `${plugins}/main/loopback`,
    portmap: `${plugins}/meta/portmap`,
    'host-local': `${plugins}/ipam/host-local`,
  },
  variables,
};

/** What only the benchmark runs beside our tunnel: konnectivity. Built for it alone. */
export const benchPrograms: ProgramGroup = {
  module: 'bench',
  programs: {
    'konnectivity-server': 'sigs.k8s.io/apiserver-network-proxy/cmd/server',
    'konnectivity-agent': 'sigs.k8s.io/apiserver-network-proxy/cmd/agent',
  },
};

/** The load generator of the HTTP benchmark: requests at a constant rate of arrival, under the MIT licence (k6 is under the AGPL). */
export const loadPrograms: ProgramGroup = { module: 'load', programs: { vegeta: 'github.com/tsenart/vegeta/v12' } };
