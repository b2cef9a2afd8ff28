import { kubernetesVersion } from '../../images/versions.ts';

export const namespace = 'edge-tunnel';
/** One image for both tiers: the Node runtime is most of it. */
export const componentsImage = 'edgeproof.dev/edge-components:v1';
/** Node in that image. */
export const nodeProgram = '/usr/local/bin/node';
export const version = kubernetesVersion;

export const serverName = 'edge-tunnel-server';
export const agentName = 'edge-tunnel-agent';
export const agentsService = 'edge-tunnel-agents';
export const peersService = 'edge-tunnel-peers';
/** ConfigMap: the authorities of whose certificates agents take a server for one. */
export const authoritiesName = 'edge-tunnel-ca';
/** Secret: what servers show to agents. */
export const agentsSecretName = 'edge-tunnel-server-agents';

/** Ports of the server's Pods. */
export const ports = { connect: 8131, agents: 8132, peers: 8133, health: 8134 } as const;
/** On the loopback of every edge node. */
export const agentHealthPort = 10_271;

/** Common names of the certificates with which the tunnel's clients come. */
export const clients = { apiserver: 'kube-apiserver', metricsServer: 'metrics-server' } as const;

/** Where the control plane finds the egress configuration. */
export const egressFolder = '/etc/kubernetes/edge-tunnel';

/** The `offset`th address of a Service range: the first 16 and more are left to fixed addresses (KEP-3070). */
export function serviceAddress(serviceSubnet: string, offset: number): string {
  const [network = ''] = serviceSubnet.split('/');
  const value = network.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0) + offset;
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** The API server dials the tunnel at this address, by its egress configuration: it must be known before the cluster boots. */
export const connectAddress = (serviceSubnet: string): string => serviceAddress(serviceSubnet, 14);
