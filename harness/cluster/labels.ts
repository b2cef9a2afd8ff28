/**
 * Everything edgeproof makes on an engine carries these labels, so that `down --all` finds it after a crash.
 * kind labels its own containers; they are recognised by the network they are on.
 */
export const ownedLabel = 'dev.edgeproof.owned';
export const clusterLabel = 'dev.edgeproof.cluster';
export const siteLabel = 'dev.edgeproof.site';

/** Labels of Kubernetes nodes. */
export const tierNodeLabel = 'edgeproof.dev/tier';
export const siteNodeLabel = 'edgeproof.dev/site';
export const deviceClassNodeLabel = 'edgeproof.dev/device-class';
export const architectureNodeLabel = 'edgeproof.dev/architecture';
/** Edge nodes carry this taint (NoSchedule): only what tolerates the edge runs there. */
export const edgeTaint = 'edgeproof.dev/edge';

export const networkOf = (cluster: string): string => `edgeproof-${cluster}`;
export const wanContainerOf = (cluster: string, site: string): string => `${cluster}-wan-${site}`;
export const labelArgs = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);

/** The lock of this machine that whoever boots a cluster holds. */
export const bootLock = (cluster: string): string => `cluster-${cluster}`;
