import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect, createServer } from 'node:tls';
import { servingCertificate } from './serving-certificate.ts';

test('a client that trusts its authority accepts the server under its names, and under no other', async () => {
  const { certificate, privateKey, authority } = await servingCertificate(['metrics-server.kube-system.svc', 'localhost']);
  await using server = createServer({ cert: certificate, key: privateKey }, (socket) => socket.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const dial = async (servername: string): Promise<string> => {
    const socket = connect({ host: '127.0.0.1', port, servername, ca: authority });
    try {
      return String((await once(socket, 'data'))[0]);
    } finally {
      socket.destroy();
    }
  };
  assert.equal(await dial('metrics-server.kube-system.svc'), 'hello');
  assert.equal(await dial('localhost'), 'hello');
  await assert.rejects(dial('other.kube-system.svc'), /altnames/);
  const read = new X509Certificate(certificate);
  assert.equal(read.ca, false);
  assert.ok(new Date(read.validFrom) < new Date() && new Date(read.validTo) > new Date());
});
