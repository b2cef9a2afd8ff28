import { hubEnvironment, hubFlags } from '../../../components/hub/node-flags.ts';
import { defaultSocket, launcher, residentLauncher } from '../../../components/network/ipam/index.ts';
import type { NodeState } from '../../../harness/cluster/state.ts';
import { authorityFile, hubName, hubPort, programFolder } from '../hub/names.ts';
import { bundlePath } from '../images.ts';
import { flagsOf } from '../pod-parts.ts';
import { cniNetwork, ipamName, networkHealthPort, networkName, networkStateFolder, residentProgram, vtepState } from './names.ts';

/** Both programs are of the image's copy that the hub runs from: there is one Node on the node. */
export const pluginFile = (): string => launcher({ root: programFolder, program: bundlePath(ipamName), socket: defaultSocket });
export const residentFile = (): string => residentLauncher({ root: programFolder, program: bundlePath(networkName), flags: hubFlags });

/** What of a node decides its Pod network. */
export interface PodNetwork {
  /** The node's own range: `10.244.1.0/26`. */
  readonly podCidr: string;
  /** All nodes'. */
  readonly podSubnet: string;
  /** Of the overlay: what fits into its frames. Bytes. */
  readonly mtu: number;
}

/**
 * The Pod network as flannel's plugin would have the bridge make it, on the same bridge, with the addresses given by the plugin that knows whose they
 * are. Of version 1.0.0: of a newer one the runtime asks for the STATUS every few seconds, by a process each time.
 */
export const cniFile = ({ podCidr, podSubnet, mtu }: PodNetwork): string => `${JSON.stringify({
  cniVersion: '1.0.0',
  name: cniNetwork,
  plugins: [
    { type: 'bridge', mtu, isGateway: true, isDefaultGateway: true, hairpinMode: true, ipMasq: false, ipam: { type: ipamName, ranges: [[{ subnet: podCidr }]], routes: [{ dst: podSubnet }] } },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
}, undefined, 2)}\n`;

/**
 * The resident. It sees the node as it is (which sandboxes are there, is told by mounts and processes), so it has no root folder of its own, as the hub
 * has; of root's rights it keeps those to configure the network, to enter a network namespace and to look at others' processes and files.
 */
export function networkUnit({ name }: NodeState): string {
  const flags = flagsOf({
    nodeName: name,
    server: `127.0.0.1:${hubPort}`,
    ca: authorityFile,
    vtepState,
    health: `127.0.0.1:${networkHealthPort}`,
  });
  return `[Unit]
Description=Whose the node's addresses are
After=${hubName}.service
Before=kubelet.service

[Service]
${Object.entries(hubEnvironment).map(([key, value]) => `Environment=${key}=${value}`).join('\n')}
ExecStart=${[residentProgram, ...flags].join(' ')}
ExecStartPre=/bin/mkdir -p -m 0700 ${networkStateFolder}
Restart=always
RestartSec=500ms
CapabilityBoundingSet=CAP_NET_ADMIN CAP_SYS_ADMIN CAP_SYS_PTRACE CAP_DAC_READ_SEARCH
NoNewPrivileges=yes
UMask=0077
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`;
}
