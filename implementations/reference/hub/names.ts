export const hubName = 'edge-hub';
export const controllerName = 'edge-autonomy-controller';
export const dnsName = 'edge-dns';
export const namespace = 'edge-hub';

/** Nodes that carry it keep their Pods while the cloud does not hear of them. */
export const autonomousLabel = { key: 'edge-hub.edgeproof.dev/autonomous', value: 'true' } as const;

/** Of a node alone (link-local, RFC 3927): where its hub and its DNS listen. */
export const nodeAddress = '169.254.77.1';
export const hubPort = 6444;
/** On the loopback of every edge node. */
export const hubHealthPort = 10_272;
export const controllerHealthPort = 10_273;
/** On the loopback of every edge node: of its DNS. */
export const dnsHealthPort = 10_274;
export const dnsReadyPort = 10_275;

/** On a node: the hub's runtime and program; its state. */
export const programFolder = '/opt/edge-hub';
export const stateFolder = '/var/lib/edge-hub';
/** Whom clients of this hub trust, as the hub writes it: its own authority, and during a renewal the one before. */
export const authorityFile = `${stateFolder}/pki/trusted.crt`;

export const kubeletConfig = '/etc/kubernetes/kubelet.conf';
/** What the kubelet's kubeconfig was before the hub came. */
export const kubeletConfigBefore = `${kubeletConfig}.before-edge-hub`;
