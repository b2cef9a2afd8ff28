import type { PeerCertificate } from 'node:tls';

const prefix = 'system:node:';
const group = 'system:nodes';

/**
 * The node that a kubelet's client certificate stands for: common name `system:node:NAME`, organization `system:nodes`
 * (Kubernetes, "Using Node Authorization").
 *
 * @returns undefined for any other certificate
 */
export function nodeNameOf(certificate: Pick<PeerCertificate, 'subject'>): string | undefined {
  const subject = certificate.subject as { CN?: string | string[]; O?: string | string[] } | undefined;
  const name = subject?.CN;
  const groups = [subject?.O ?? []].flat();
  // Two common names: which one counts would be a matter of taste.
  if (typeof name !== 'string' || !name.startsWith(prefix) || !groups.includes(group)) return undefined;
  return name.length > prefix.length ? name.slice(prefix.length) : undefined;
}
