import type { Docker } from '../docker/docker.ts';
import { CannotTellError } from '../../core/errors.ts';
import { clusterLabel, labelArgs, networkOf, ownedLabel } from './labels.ts';
import type { ClusterState } from './state.ts';

/**
 * Creates a cluster's own network. IPv4 only: on a dual-stack network an edge node keeps its connection to the API
 * server over IPv6 while its WAN is cut.
 */
export async function createNetwork(docker: Docker, cluster: string, signal?: AbortSignal): Promise<ClusterState['network']> {
  const name = networkOf(cluster);
  const run = signal === undefined ? {} : { signal };
  await docker.run(['network', 'create', '--driver', 'bridge', ...labelArgs({ [ownedLabel]: 'true', [clusterLabel]: cluster }), name], run);
  const { stdout } = await docker.run(['network', 'inspect', '--format', '{{range .IPAM.Config}}{{.Subnet}} {{end}}', name], run);
  const subnets = stdout.trim().split(' ');
  if (subnets.length !== 1 || subnets[0] === undefined || subnets[0].includes(':')) {
    throw new CannotTellError('NETWORK_NOT_IPV4', `network ${name} has the subnets ${stdout.trim()}, but one IPv4 subnet was wanted`, {
      next: "switch IPv6 off for new networks in Docker's configuration (default-network-opts)",
    });
  }
  // Docker chose a free subnet. Named as the user's choice it lets a node keep its address when it was off for a
  // while: --ip is only taken on such networks.
  await docker.run(['network', 'rm', name], run);
  await docker.run(['network', 'create', '--driver', 'bridge', '--subnet', subnets[0], ...labelArgs({ [ownedLabel]: 'true', [clusterLabel]: cluster }), name], run);
  return { name, subnet: subnets[0] };
}
