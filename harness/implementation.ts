import type { Capability } from '../core/capabilities.ts';
import type { Progress, Step } from '../core/progress.ts';
import type { ContainerImage } from '../images/containers.ts';
import type { Topology } from '../topologies/schema.ts';
import type { KindPatches } from './cluster/kind-config.ts';
import type { AutonomyParts, ClusterState, IdentityParts, Tier, TunnelParts } from './cluster/state.ts';
import type { Docker } from './docker/docker.ts';
import type { KubeClient } from './kube/client.ts';
import type { Kubectl } from './kube/kubectl.ts';

/** A container image that an implementation brings, and the nodes that have it from the start (`imagePullPolicy: Never`). */
export interface ImplementationImage extends ContainerImage {
  readonly tiers: readonly Tier[];
}

export interface ImagesContext {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** What an implementation knows before its cluster boots. */
export interface PrepareContext {
  /** The cluster's name. Its nodes have no addresses yet; `planNodes` knows their names. */
  readonly cluster: string;
  readonly topology: Topology;
  /** For what it needs on this host, such as certificates: empty, its owner's alone, and removed with the cluster. */
  readonly folder: string;
  readonly step: Step;
  readonly signal: AbortSignal;
}

/** What an implementation gets to work with once the plain cluster runs. */
export interface InstallContext {
  readonly cluster: ClusterState;
  /** The folder that `prepare` had, with what that left there. */
  readonly folder: string;
  readonly docker: Docker;
  readonly kube: KubeClient;
  readonly kubectl: Kubectl;
  readonly step: Step;
  readonly signal: AbortSignal;
}

/** One of two authorities: the one that is there after `install`, or another that is made to take its place. */
export type Generation = 'old' | 'new';

/** Which authorities agents accept a tunnel server of, and which one the certificates are of that servers show them. */
export interface TunnelTrust {
  readonly trusted: readonly Generation[];
  readonly serving: Generation;
}

/** Milliseconds. A kubelet may take a minute to bring a ConfigMap to a Pod; whoever needs longer for a step is not on the way any more. */
export const trustWithinMs = 90_000;

/** What is installed on a cluster and graded: one folder below implementations/, exported as `implementation`. */
export interface Implementation {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  /** Capabilities it says it has: only their scenarios are run and graded; the others are reported as not claimed. */
  readonly claims: readonly Capability[];
  /** Where its tunnel runs, if it has one: features restart it, and cannot without knowing. */
  readonly tunnel?: TunnelParts;
  /** What makes its edge nodes autonomous, as far as that runs as services of the node: features kill it. */
  readonly autonomy?: AutonomyParts;
  /** Where it keeps who a node is, if it does so in files of the node: features damage them. */
  readonly identity?: IdentityParts;
  /**
   * The container images that its nodes are to have. Asked whenever node images are built, looked for or listed, so it answers
   * in seconds; the node images are made anew only when the content of one of these changes.
   */
  images?(context: ImagesContext): Promise<readonly ImplementationImage[]>;
  /** Makes what must be there before the cluster boots, and says what it needs from kubeadm and the node containers. */
  prepare?(context: PrepareContext): Promise<KindPatches>;
  /**
   * Brings its tunnel into a state of the rotation of the authority that agents trust, from whatever state it is in, and returns when
   * every server and every agent has taken it up: that is what a promise waits for, so it may take no longer than `trustWithinMs`. What is
   * open may not be cut. Features ask for no rotation of an implementation without this.
   */
  setTunnelTrust?(context: InstallContext, trust: TunnelTrust): Promise<void>;
  /** Brings the components into a running plain cluster, and returns when they are ready. */
  install(context: InstallContext): Promise<void>;
  /** Takes them out again, maybe in another process than `install`: a plain cluster remains. */
  uninstall(context: InstallContext): Promise<void>;
}
