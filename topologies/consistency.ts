import { overlap, parseCidr, type Cidr } from './cidr.ts';

export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly cure: string;
}

/** Every node is a container with its own systemd, kubelet and containerd on one host. */
const maxNodes = 30;

const map = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const whole = (value: unknown, otherwise: number): number => (Number.isInteger(value) && (value as number) > 0 ? (value as number) : otherwise);

/**
 * What must hold between the fields of a topology. It takes any value, and passes over what has the wrong
 * shape, so that a file's errors of both kinds are told at once.
 */
export function consistencyProblems(input: unknown): Problem[] {
  const topology = map(input);
  return [...siteProblems(list(topology['sites'])), ...sizeProblems(topology), ...networkProblems(topology)];
}

function* siteProblems(sites: unknown[]): Generator<Problem> {
  const seen = new Map<string, number>();
  for (const [index, raw] of sites.entries()) {
    const site = map(raw);
    const name = site['name'];
    if (typeof name === 'string') {
      const first = seen.get(name);
      if (first !== undefined) {
        yield { path: ['sites', index, 'name'], message: `site "${name}" is there twice (sites[${first}] has that name too)`, cure: 'give each site a name of its own, or put the nodes of both under one' };
      } else seen.set(name, index);
    }
    const wan = map(site['wan']);
    const [latency, jitter] = [wan['latencyMs'] ?? 0, wan['jitterMs']];
    if (typeof latency === 'number' && typeof jitter === 'number' && jitter > latency) {
      yield { path: ['sites', index, 'wan', 'jitterMs'], message: `jitterMs ${jitter} is more than latencyMs ${latency}: some packets would need to arrive before they were sent`, cure: `write at most ${latency}` };
    }
    for (const [at, node] of list(site['nodes']).entries()) {
      for (const key of Object.keys(map(map(node)['labels']))) {
        const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
        const reserved = ['edgeproof.dev', 'kubernetes.io', 'k8s.io'].find((own) => domain === own || domain.endsWith(`.${own}`));
        if (reserved !== undefined) yield { path: ['sites', index, 'nodes', at, 'labels', key], message: `label "${key}" is in ${reserved}, which is not yours to set`, cure: 'use a domain of your own, such as example.com/rack' };
      }
    }
  }
}

function* sizeProblems(topology: Record<string, unknown>): Generator<Problem> {
  const nodes = countNodes(topology);
  if (nodes > maxNodes) {
    yield { path: [], message: `${nodes} nodes (control plane, cloud workers and the sites' nodes), and ${maxNodes} are the most that one host boots`, cure: 'take nodes away from cloud.workers or from the sites' };
  }
}

function* networkProblems(topology: Record<string, unknown>): Generator<Problem> {
  const overlay = map(topology['overlay']);
  const read = (key: 'podSubnet' | 'serviceSubnet', otherwise: string): Cidr | string | undefined => {
    const text = overlay[key] ?? otherwise;
    return typeof text === 'string' ? parseCidr(text) : undefined;
  };
  const pods = read('podSubnet', '10.244.0.0/16');
  const services = read('serviceSubnet', '10.96.0.0/16');
  const mask = whole(overlay['nodeCidrMask'], 24);
  if (typeof pods === 'string') yield { path: ['overlay', 'podSubnet'], message: pods, cure: 'write a network such as 10.244.0.0/16' };
  if (typeof services === 'string') yield { path: ['overlay', 'serviceSubnet'], message: services, cure: 'write a network such as 10.96.0.0/16' };
  if (typeof pods === 'object' && typeof services === 'object' && overlap(pods, services)) {
    const path = ['overlay', overlay['serviceSubnet'] === undefined ? 'podSubnet' : 'serviceSubnet'];
    yield { path, message: 'podSubnet and serviceSubnet overlap: an address would be a Pod and a Service at once', cure: 'choose two networks that share no address, such as 10.244.0.0/16 and 10.96.0.0/16' };
  }
  // kube-apiserver takes Service networks of 20 bits at most; kubeadm wants .10 for DNS.
  if (typeof services === 'object' && (services.prefix < 12 || services.prefix > 28)) {
    yield { path: ['overlay', 'serviceSubnet'], message: `a /${services.prefix} cannot be a Service network`, cure: 'write a network from /12 to /28' };
  }
  if (typeof pods !== 'object') return;
  const path = ['overlay', overlay['nodeCidrMask'] === undefined ? 'podSubnet' : 'nodeCidrMask'];
  const nodes = countNodes(topology);
  // kube-controller-manager refuses more than 16 bits between the two ("node CIDR mask … too long").
  if (mask <= pods.prefix || mask - pods.prefix > 16) {
    yield { path, message: `nodeCidrMask ${mask} does not divide a podSubnet of /${pods.prefix}`, cure: `write a nodeCidrMask from ${pods.prefix + 1} to ${Math.min(28, pods.prefix + 16)}, or another podSubnet` };
  } else if (nodes <= maxNodes && 2 ** (mask - pods.prefix) < nodes) {
    yield { path, message: `a podSubnet of /${pods.prefix} has ${2 ** (mask - pods.prefix)} parts of /${mask}, and there are ${nodes} nodes`, cure: 'write a larger nodeCidrMask or a larger podSubnet' };
  }
}

function countNodes(topology: Record<string, unknown>): number {
  const cloud = map(topology['cloud']);
  return 1 + whole(cloud['workers'], 0) + list(topology['sites']).reduce<number>((sum, site) => sum + list(map(site)['nodes']).length, 0);
}
