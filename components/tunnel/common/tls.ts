import type { SecureContextOptions } from 'node:tls';

/** TLS 1.3 only (RFC 8446). AES-128-GCM first: the fastest where the processor has AES, and as strong as P-256 keys. */
export const tlsPolicy: SecureContextOptions = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384',
};

/** The name in every tunnel server's certificate: clients verify it whatever address they dialled. */
export const serverName = 'edge-tunnel-server';

/** A peer that has not finished its handshake by then is cut off. Milliseconds. */
export const handshakeTimeoutMs = 5000;
