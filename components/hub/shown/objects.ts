/** What this node is shown in place of the cloud's. */
export interface Shown {
  readonly node: string;
  /** PEM: who signed the hub's serving certificate. */
  readonly authority: string;
  /** Where the hub listens for what Pods and kube-proxy send: an IPv4 address that only this node has. */
  readonly address: string;
  readonly port: number;
  /** Where the node's own DNS listens, UDP and TCP, if it has one: an IPv4 address that only this node has. */
  readonly dns?: { readonly address: string; readonly port: number };
}

interface Meta {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface ConfigMap {
  readonly metadata: Meta;
  readonly data?: Readonly<Record<string, string>>;
}

/** Kubernetes writes the authorities that every Pod mounts into a ConfigMap of this name in each namespace (KEP-1205). */
const rootAuthorities = 'kube-root-ca.crt';
/** kubeadm's names, which every Kubernetes keeps for its DNS, whatever answers there. */
const dnsService = { namespace: 'kube-system', name: 'kube-dns' } as const;
/** kubeadm's names. */
const kubeProxyConfig = { namespace: 'kube-system', name: 'kube-proxy', key: 'kubeconfig.conf' } as const;
/** The label by which a slice tells its Service. */
const serviceNameLabel = 'kubernetes.io/service-name';

/**
 * One object of the API as this node is to see it.
 *
 * @returns the same object when nothing differs
 */
export function asShown(object: unknown, shown: Shown): unknown {
  if (!hasMeta(object)) return object;
  const { name, namespace, labels } = object.metadata;
  if (namespace === 'default' && labels?.[serviceNameLabel] === 'kubernetes' && 'endpoints' in object) return hubEndpoint(object, shown);
  if (shown.dns && namespace === dnsService.namespace && labels?.[serviceNameLabel] === dnsService.name && 'endpoints' in object) return dnsEndpoint(object, shown.node, shown.dns);
  if (!hasData(object)) return object;
  if (name === rootAuthorities) return withData(object, 'ca.crt', (pem) => (pem.includes(shown.authority.trim()) ? pem : `${pem.trimEnd()}\n${shown.authority.trim()}\n`));
  if (name === kubeProxyConfig.name && namespace === kubeProxyConfig.namespace) return withData(object, kubeProxyConfig.key, (text) => text.replace(/^(\s*server:\s*)\S+/gm, `$1https://${shown.address}:${shown.port}`));
  return object;
}

const hasMeta = (object: unknown): object is { metadata: Meta } => typeof object === 'object' && object !== null && 'metadata' in object && typeof object.metadata === 'object' && object.metadata !== null;

const hasData = (object: { metadata: Meta }): object is ConfigMap => 'data' in object && typeof object.data === 'object' && object.data !== null;

function withData(object: ConfigMap, key: string, change: (text: string) => string): ConfigMap {
  const text = object.data?.[key];
  if (text === undefined) return object;
  const changed = change(text);
  return changed === text ? object : { ...object, data: { ...object.data, [key]: changed } };
}

/** The cluster's DNS as kube-proxy is to see it: the node's own, also while the cloud has none that is ready. */
function dnsEndpoint(object: object, nodeName: string, { address, port }: NonNullable<Shown['dns']>): object {
  return { ...object, addressType: 'IPv4', endpoints: [endpointAt(address, nodeName)], ports: [{ name: 'dns', port, protocol: 'UDP' }, { name: 'dns-tcp', port, protocol: 'TCP' }] };
}

const endpointAt = (address: string, nodeName: string): object => ({ addresses: [address], conditions: { ready: true, serving: true, terminating: false }, nodeName });

/** The API server as kube-proxy is to see it. The port keeps its name: kube-proxy matches it with that of the Service. */
function hubEndpoint(object: object, { address, port, node }: Shown): object {
  return {
    ...object,
    addressType: 'IPv4',
    endpoints: [endpointAt(address, node)],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  };
}
