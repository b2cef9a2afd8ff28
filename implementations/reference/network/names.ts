import { defaultDataDir } from '../../../components/network/ipam/data-dir.ts';

export const networkName = 'edge-network';
export const ipamName = 'edge-ipam';

/** On the loopback of every edge node. */
export const networkHealthPort = 10_273;

/** On a node: what starts the resident; the CNI plugin, where containerd looks for such; what is remembered. */
export const residentProgram = '/usr/local/libexec/edge-network';
export const pluginProgram = `/opt/cni/bin/${ipamName}`;
export const networkStateFolder = '/var/lib/edge-network';
export const vtepState = `${networkStateFolder}/vtep.json`;
/** Of the network below. */
export const reservations = (network: string): string => `${defaultDataDir}/${network}/reservations.json`;

/** The runtime takes the first of these by name: before flannel's `10-flannel.conflist`, which stays. */
export const cniConfig = '/etc/cni/net.d/05-edge-network.conflist';
/** As flannel's: what the runtime has written down of Pods that run is of a network of this name. */
export const cniNetwork = 'cbr0';
/** Where `host-local` keeps a file for each address of that network, with the container's ID and the interface's name in it. */
export const hostLocalFolder = `/var/lib/cni/networks/${cniNetwork}`;
/** Where flannel's plugin keeps, for each container, what it had the bridge do. */
export const flannelFolder = '/var/lib/cni/flannel';
