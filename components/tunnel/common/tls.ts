import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';

/** TLS 1.3 only (RFC 8446). AES-128-GCM first: the fastest where the processor has AES, and as strong as P-256 keys. */
export const tlsPolicy: SecureContextOptions = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384',
};

/** The name in every tunnel server's certificate: clients verify it whatever address they dialled. */
export const serverName = 'edge-tunnel-server';

/** PEM: one end's certificate and key, and who signs the other end's. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/**
 * @throws Error when they do not belong together, or are not what they should be
 */
export function checkTlsFiles({ cert, key, ca }: TlsFiles): void {
  createSecureContext({ ...tlsPolicy, cert, key });
  // Without a key it says nothing.
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) throw new Error('the key is not that of the certificate');
  checkAuthorities(ca);
}

/** @throws Error when it is not whole certificates. An empty CA above all: Node would take it for "all authorities of the public web". */
export function checkAuthorities(ca: string): void {
  const authorities = ca.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (authorities.length === 0 || authorities.length < (ca.match(/-----BEGIN/g) ?? []).length) throw new Error('the CA file must hold whole PEM certificates, one at least');
  for (const authority of authorities) new X509Certificate(authority);
}
