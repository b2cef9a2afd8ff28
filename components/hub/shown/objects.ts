import type { WireObject } from '../wire/index.ts';
import type { ShownEncoding, ShownEndpoint } from './encoding.ts';

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

/** Kubernetes writes the authorities that every Pod mounts into a ConfigMap of this name in each namespace (KEP-1205). */
const rootAuthorities = 'kube-root-ca.crt';
const apiService = { namespace: 'default', name: 'kubernetes' } as const;
/** kubeadm's names, which every Kubernetes keeps for its DNS, whatever answers there. */
const dnsService = { namespace: 'kube-system', name: 'kube-dns' } as const;
/** kubeadm's names. */
const kubeProxyConfig = { namespace: 'kube-system', name: 'kube-proxy', key: 'kubeconfig.conf' } as const;
/** The label by which a slice tells its Service. */
const serviceNameLabel = 'kubernetes.io/service-name';

/**
 * One object of the API as this node is to see it.
 *
 * @returns the same bytes when nothing differs
 */
export function asShown(resource: 'configmaps' | 'endpointslices', object: WireObject, encoding: ShownEncoding, shown: Shown): Buffer {
  const { raw } = object;
  if (resource === 'configmaps') {
    const changed = textOf(object, shown);
    return changed === undefined ? raw : encoding.withText(raw, changed.key, changed.change);
  }
  const endpoint = endpointOf(object, encoding, shown);
  return endpoint === undefined ? raw : encoding.withEndpoint(raw, endpoint);
}

/** Which text of a ConfigMap is shown differently, and how. */
function textOf({ namespace, name }: WireObject, { authority, address, port }: Shown): { key: string; change: (text: string) => string } | undefined {
  if (name === rootAuthorities) return { key: 'ca.crt', change: (pem) => (pem.includes(authority.trim()) ? pem : `${pem.trimEnd()}\n${authority.trim()}\n`) };
  if (name !== kubeProxyConfig.name || namespace !== kubeProxyConfig.namespace) return undefined;
  return { key: kubeProxyConfig.key, change: (text) => text.replace(/^([ \t]*server:[ \t]*)\S+/gm, `$1https://${address}:${port}`) };
}

/**
 * The endpoint of a slice of the API server, or of the cluster's DNS, as kube-proxy is to see it: the hub and the node's own, also while the cloud has none that
 * is ready. Ports keep their names: kube-proxy matches them with those of the Service.
 */
function endpointOf({ namespace, raw }: WireObject, encoding: ShownEncoding, { node: nodeName, address, port, dns }: Shown): ShownEndpoint | undefined {
  // Whoever is in another namespace need not be read.
  if (namespace !== apiService.namespace && namespace !== dnsService.namespace) return undefined;
  const service = encoding.labels(raw)[serviceNameLabel];
  if (namespace === apiService.namespace && service === apiService.name) return { address, nodeName, ports: [{ name: 'https', port, protocol: 'TCP' }] };
  if (dns === undefined || namespace !== dnsService.namespace || service !== dnsService.name) return undefined;
  return { address: dns.address, nodeName, ports: [{ name: 'dns', port: dns.port, protocol: 'UDP' }, { name: 'dns-tcp', port: dns.port, protocol: 'TCP' }] };
}
