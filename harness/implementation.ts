import type { Capability } from '../core/capabilities.ts';
import type { Step } from '../core/progress.ts';
import type { Topology } from '../topologies/schema.ts';
import type { KindPatches } from './cluster/kind-config.ts';
import type { ClusterState } from './cluster/state.ts';
import type { Docker } from './docker/docker.ts';
import type { KubeClient } from './kube/client.ts';
import type { Kubectl } from './kube/kubectl.ts';

/** What an implementation gets to work with once the plain cluster runs. */
export interface InstallContext {
  readonly cluster: ClusterState;
  readonly docker: Docker;
  readonly kube: KubeClient;
  readonly kubectl: Kubectl;
  readonly step: Step;
  readonly signal: AbortSignal;
}

/** What is installed on a cluster and graded: one folder below implementations/, exported as `implementation`. */
export interface Implementation {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  /** Capabilities it says it has: only their scenarios are run and graded; the others are reported as not claimed. */
  readonly claims: readonly Capability[];
  /** What it needs from kubeadm and the node containers before the cluster boots. */
  kindPatches?(topology: Topology): KindPatches;
  /** Brings the components into a running plain cluster, and returns when they are ready. */
  install(context: InstallContext): Promise<void>;
  /** Takes them out again: a plain cluster remains. */
  uninstall(context: InstallContext): Promise<void>;
}
