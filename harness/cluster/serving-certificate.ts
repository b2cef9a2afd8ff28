import { createAuthority } from '../../core/pki.ts';

/** PEM texts. */
export interface ServingCertificate {
  readonly certificate: string;
  readonly privateKey: string;
  /** Who signed it: for those who verify it. Its key is not kept, so it signs nothing else. */
  readonly authority: string;
}

/**
 * A certificate for a server inside the cluster.
 *
 * @param names DNS names, the first one also as its subject
 */
export async function servingCertificate(names: readonly [string, ...string[]]): Promise<ServingCertificate> {
  const authority = await createAuthority({ commonName: `${names[0]}-ca` });
  const { certPem, keyPem } = await authority.issue({ commonName: names[0], dnsNames: names, server: true });
  return { certificate: certPem, privateKey: keyPem, authority: authority.certPem };
}
