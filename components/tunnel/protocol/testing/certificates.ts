import { createAuthority, type IssuedCertificate } from '../../../../core/pki.ts';

let made: Promise<{ readonly ca: string; readonly server: IssuedCertificate; readonly client: IssuedCertificate }> | undefined;

/** One authority, and a certificate for each end, for all tests of a process. */
export function certificates(): NonNullable<typeof made> {
  made ??= (async () => {
    const authority = await createAuthority({ commonName: 'test CA' });
    const [server, client] = await Promise.all([
      authority.issue({ commonName: 'edge-tunnel-server', dnsNames: ['tunnel.test'], server: true }),
      authority.issue({ commonName: 'system:node:edge-1', organizations: ['system:nodes'], client: true }),
    ]);
    return { ca: authority.certPem, server, client };
  })();
  return made;
}
