import type { ClusterState, NodeState } from '../../harness/cluster/state.ts';
import type { Docker } from '../../harness/docker/docker.ts';
import type { KubeClient } from '../../harness/kube/client.ts';
import type { Step } from '../../core/progress.ts';

/** Where a node's hub is, as whoever installed it says. */
export interface HubPlace {
  /** Service of systemd, with its suffix. */
  readonly unit: string;
  /** What is the root folder to the unit, and its Node there. */
  readonly root: string;
  readonly node: string;
  /** What its Node is started with. */
  readonly flags: readonly string[];
  /** Where clients on the node find it, and on the node the PEM file of whom they trust. */
  readonly address: { readonly host: string; readonly port: number };
  readonly authorityFile: string;
  /** Prometheus metrics, over plain HTTP on the node. */
  readonly metrics: string;
}

/** Two edge nodes of one cluster, each in a site of its own: what is done to one of them is done to the other. */
export interface Pair {
  readonly docker: Docker;
  readonly cluster: ClusterState;
  readonly kube: KubeClient;
  readonly place: HubPlace;
  /** With a hub. */
  readonly hub: NodeState;
  /** As Kubernetes makes it: kubelet, kube-proxy and flannel dial the API server. */
  readonly plain: NodeState;
  /** Of the benchmark's own objects. */
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** A part of the benchmark: what it has to work with, and where it says how far it is. */
export type Part<Options, Result> = (pair: Pair, options: Options, step: Step) => Promise<Result>;

export const who = ['hub', 'plain'] as const;
export type Who = (typeof who)[number];
