import { controlPlaneOf, type ClusterState, type NodeState } from '../../../harness/cluster/state.ts';
import { hubEnvironment, hubFlags } from '../../../components/hub/node-flags.ts';
import { bundlePath } from '../images.ts';
import { nodeProgram, serviceAddress } from '../names.ts';
import { flagsOf } from '../pod-parts.ts';
import { hubHealthPort, hubName, hubPort, nodeAddress, programFolder, stateFolder } from './names.ts';

/** Of all devices the one that every kernel has. */
const device = 'lo';

/** The address of the Service `kubernetes`: Kubernetes gives it the first of the range. */
export const kubernetesAddress = (serviceSubnet: string): string => serviceAddress(serviceSubnet, 1);

/** Every name by which a client of this node may call the API server, and find it in the hub's certificate. */
const certificateNames = (serviceSubnet: string): string[] => [
  '127.0.0.1', nodeAddress, kubernetesAddress(serviceSubnet),
  'localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local',
];

/** Addresses that the hub listens on, and nobody else on the network has: they go with the machine, so they are made at every boot. */
export function addressUnit(cluster: ClusterState): string {
  const addresses = [nodeAddress, kubernetesAddress(cluster.topology.overlay.serviceSubnet)];
  return `[Unit]
Description=Addresses of the node's own API server
Before=${hubName}.service

[Service]
Type=oneshot
RemainAfterExit=yes
${addresses.map((address) => `ExecStart=/sbin/ip address replace ${address}/32 dev ${device}`).join('\n')}
${addresses.map((address) => `ExecStop=-/sbin/ip address delete ${address}/32 dev ${device}`).join('\n')}

[Install]
WantedBy=multi-user.target
`;
}

/** The hub: it sees its own program, its state, and of the node no more than certificates. */
export function hubUnit(cluster: ClusterState, node: NodeState): string {
  const controlPlane = controlPlaneOf(cluster);
  const { serviceSubnet } = cluster.topology.overlay;
  const argv = [nodeProgram, ...hubFlags, bundlePath(hubName), ...flagsOf({
    server: `${controlPlane.address}:6443`,
    ca: '/etc/kubernetes/pki/ca.crt',
    nodeName: node.name,
    listen: [`127.0.0.1:${hubPort}`, `${nodeAddress}:${hubPort}`, `${kubernetesAddress(serviceSubnet)}:443`].join(','),
    pki: `${stateFolder}/pki`,
    names: certificateNames(serviceSubnet).join(','),
    cache: `${stateFolder}/cache`,
    shownAs: `${nodeAddress}:${hubPort}`,
    dnsShownAs: `${nodeAddress}:53`,
    health: `127.0.0.1:${hubHealthPort}`,
  })];
  return `[Unit]
Description=The node's own API server
Requires=${hubName}-address.service
After=${hubName}-address.service
Before=kubelet.service

[Service]
${Object.entries(hubEnvironment).map(([name, value]) => `Environment=${name}=${value}`).join('\n')}
ExecStart=${argv.join(' ')}
Restart=always
RestartSec=500ms
RootDirectory=${programFolder}
MountAPIVFS=yes
BindReadOnlyPaths=/etc/kubernetes/pki/ca.crt /var/lib/kubelet/pki
BindPaths=${stateFolder}
CapabilityBoundingSet=CAP_NET_BIND_SERVICE CAP_DAC_READ_SEARCH
NoNewPrivileges=yes
UMask=0077
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`;
}
