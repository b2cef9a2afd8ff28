import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { createAuthority, loadAuthority, type Authority, type IssuedCertificate } from './pki.ts';

const serverOf = (authority: Authority): Promise<IssuedCertificate> => authority.issue({ commonName: 'server', dnsNames: ['tunnel.test'], ipAddresses: ['127.0.0.1', 'fd00::1'], server: true });

/** What a server says of a client's certificate: undefined when it takes it. Fails when the client does not take the server's. */
async function refusal(authority: Authority, server: IssuedCertificate, client: IssuedCertificate, crl?: string): Promise<string | undefined> {
  const listener = createServer({ ca: authority.certPem, cert: server.certPem, key: server.keyPem, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.3', ...(crl === undefined ? {} : { crl }) });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const { port } = listener.address() as { port: number };
  const dialled = connect({ host: '127.0.0.1', port, servername: 'tunnel.test', ca: authority.certPem, cert: client.certPem, key: client.keyPem });
  try {
    const [[accepted]] = await Promise.all([once(listener, 'secureConnection'), once(dialled, 'secureConnect')]);
    const socket = accepted as TLSSocket;
    socket.destroy();
    return socket.authorized ? undefined : String(socket.authorizationError);
  } finally {
    dialled.destroy();
    listener.close();
  }
}

test('a certificate says what was asked for', async () => {
  const authority = await createAuthority({ commonName: 'edge CA' });
  const ca = new X509Certificate(authority.certPem);
  assert.equal(ca.ca, true);
  assert.equal(ca.subject, 'CN=edge CA');
  assert.ok(ca.verify(ca.publicKey));

  const issued = await authority.issue({ commonName: 'system:node:edge-1', organizations: ['system:nodes', 'two'], dnsNames: ['edge-1'], ipAddresses: ['10.0.0.1', 'fd00::1'], server: true, client: true, days: 2 });
  const leaf = new X509Certificate(issued.certPem);
  assert.ok(leaf.verify(ca.publicKey));
  assert.ok(leaf.checkIssued(ca));
  assert.equal(leaf.ca, false);
  assert.equal(leaf.subject, 'O=system:nodes\nO=two\nCN=system:node:edge-1');
  assert.equal(leaf.subjectAltName, 'DNS:edge-1, IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1');
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  assert.equal(leaf.serialNumber, issued.serialNumber);
  assert.match(issued.serialNumber, /^[4-7][0-9A-F]{31}$/);
  assert.match(issued.keyPem, /^-----BEGIN PRIVATE KEY-----\n/);
  const days = (leaf.validToDate.getTime() - Date.now()) / 86_400_000;
  assert.ok(days > 1.9 && days <= 2, `${days} days`);
});

test('both ends of a TLS 1.3 connection take each other', async () => {
  const authority = await createAuthority({ commonName: 'edge CA' });
  assert.equal(await refusal(authority, await serverOf(authority), await authority.issue({ commonName: 'client', client: true })), undefined);
});

test('a certificate that is no client\'s, is over, or another authority\'s, is refused', async () => {
  const authority = await createAuthority({ commonName: 'edge CA' });
  const server = await serverOf(authority);
  assert.equal(await refusal(authority, server, server), 'INVALID_PURPOSE');
  const past = await authority.issue({ commonName: 'client', client: true, notBefore: new Date(Date.now() - 7_200_000), notAfter: new Date(Date.now() - 3_600_000) });
  assert.equal(await refusal(authority, server, past), 'CERT_HAS_EXPIRED');
  const other = await createAuthority({ commonName: 'edge CA' });
  assert.notEqual(await refusal(authority, server, await other.issue({ commonName: 'client', client: true })), undefined);
});

test('a certificate on the authority\'s list is refused, and no other', async () => {
  const authority = await createAuthority({ commonName: 'edge CA' });
  const server = await serverOf(authority);
  const [revoked, good] = await Promise.all([1, 2].map((number) => authority.issue({ commonName: `client ${number}`, client: true })));
  const crl = await authority.createCrl([revoked!.serialNumber]);
  assert.equal(await refusal(authority, server, revoked!, crl), 'CERT_REVOKED');
  assert.equal(await refusal(authority, server, good!, crl), undefined);
});

test('an authority can be loaded again from its PEMs, and goes on', async () => {
  const first = await createAuthority({ commonName: 'edge CA' });
  const again = await loadAuthority({ certPem: first.certPem, keyPem: first.keyPem });
  assert.equal(await refusal(first, await serverOf(first), await again.issue({ commonName: 'client', client: true })), undefined);
  assert.match(await again.createCrl([]), /BEGIN X509 CRL/);
  // SEC1, as `openssl ecparam -genkey` writes it.
  const sec1 = createPrivateKey(first.keyPem).export({ type: 'sec1', format: 'pem' }).toString();
  assert.equal((await loadAuthority({ certPem: first.certPem, keyPem: sec1 })).keyPem, first.keyPem);
});

test('a pair that is no authority, or no pair, is refused', async () => {
  const authority = await createAuthority({ commonName: 'edge CA' });
  await assert.rejects(loadAuthority(await authority.issue({ commonName: 'leaf', client: true })), { code: 'PKI_NOT_AN_AUTHORITY' });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
  await assert.rejects(loadAuthority({ certPem: authority.certPem, keyPem: privateKey }), { code: 'PKI_KEY_MISMATCH' });
  await assert.rejects(authority.issue({ commonName: 'x', notAfter: new Date(0) }), RangeError);
});
