import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rename, symlink } from 'node:fs/promises';
import { test } from 'node:test';
import { createAuthority, type KeyPair } from '../../../core/pki.ts';
import * as x509 from '../../../core/x509.ts';
import { Client } from '../testing/client.ts';
import { SilentAgent } from '../testing/silent-agent.ts';
import { until } from '../testing/until.ts';
import { edgeNode, metric, valueOf, World } from '../testing/world.ts';

const nodes = [edgeNode('edge-1'), edgeNode('edge-2')];

/** What no honest authority signs. */
async function withTwoNames(ca: KeyPair): Promise<KeyPair> {
  const curve = { name: 'ECDSA', namedCurve: 'P-256' };
  const keys = await crypto.subtle.generateKey(curve, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ O: ['system:nodes'] }, { CN: ['system:node:edge-2'] }, { CN: ['system:node:edge-1'] }],
    issuer: new x509.X509Certificate(ca.certPem).subjectName,
    publicKey: keys.publicKey,
    signingKey: createPrivateKey(ca.keyPem).toCryptoKey(curve, false, ['sign']),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    serialNumber: '5e',
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
  });
  return { certPem: certificate.toString('pem'), keyPem: x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY') };
}

test('an agent is the node of its certificate, and nobody else is', async (t) => {
  await using world = await World.create();
  const server = await world.server(nodes);
  const { pki } = world;
  const stranger = await createAuthority({ commonName: 'kubernetes' });
  const cases: readonly (readonly [what: string, pair: KeyPair, end: RegExp])[] = [
    ['of another authority that is called the same', await pki.node('edge-1', { ca: stranger }), /./],
    ["of the tunnel's own authority, with a node's name", await pki.node('edge-1', { ca: pki.tunnelCa }), /./],
    ["a kubelet's serving certificate", await pki.node('edge-1', { client: false, server: true }), /./],
    ['one that has expired', await pki.node('edge-1', { notBefore: new Date(Date.now() - 7_200_000), notAfter: new Date(Date.now() - 3_600_000) }), /./],
    ["not a node's", await pki.node('', { commonName: 'system:kube-scheduler' }), /^the certificate is not a node's/],
    ["a node's name without the group", await pki.node('edge-1', { organizations: ['system:masters'] }), /^the certificate is not a node's/],
    ['the group without a name', await pki.node(''), /^the certificate is not a node's/],
    ['two names', await withTwoNames(pki.clusterCa), /^the certificate is not a node's/],
    ['of a node that there is not', await pki.node('edge-9'), /^there is no node edge-9/],
  ];
  for (const [what, pair, reason] of cases) {
    await t.test(what, async () => {
      const agent = await SilentAgent.connect(world, pair, server.portOf('agents'));
      await until('it is refused', () => agent.end !== undefined);
      assert.match(agent.end?.reason ?? '', reason);
      assert.equal(server.nodeCount, 0);
    });
  }
  assert.equal(await valueOf(server, 'edge_tunnel_server_handshake_failures_total', { port: 'agents' }), 4);
  assert.equal(await valueOf(server, 'edge_tunnel_server_agent_refusals_total'), 5);
  // They have left nothing behind, and the node itself is let in.
  await world.connected('edge-1', server);
  await (await world.connect(server, world.kubeletOf('edge-1'))).echo('hello');
  assert.equal(await valueOf(server, 'edge_tunnel_sessions'), 1);
});

test('a session is for as long as its certificate is good and its node is there', async (t) => {
  await using world = await World.create();
  const { pki } = world;
  const crl = pki.path('revoked.crl');
  const server = await world.server(nodes, { refreshMs: 25, paths: { ...pki.pair('server'), ca: pki.path('tunnel-ca.crt'), nodeCa: pki.path('cluster-ca.crt'), crl } });
  await world.connected('edge-2', server);
  const other = await world.connect(server, world.kubeletOf('edge-2'));
  const cut = async (what: string, pair: KeyPair, end: () => unknown, reason: RegExp): Promise<void> => {
    const agent = await world.agent('edge-1', server.portOf('agents'), { pair: await pki.writePair('one', pair) });
    await until('it is connected', () => server.nodeCount === 2);
    const client = await world.connect(server, world.kubeletOf('edge-1'));
    await client.echo('hello');
    await end();
    await until(`${what}: its stream is cut`, () => client.closed, 3000);
    assert.ok(client.wasCut, `${client.error}, ended: ${client.ended}`);
    const refused = await world.connect(server, world.kubeletOf('edge-1'));
    assert.match(refused.reason, reason);
    await agent.stop();
    await other.echo('still here');
  };
  await t.test('revoked', async () => {
    const pair = await pki.node('edge-1');
    await cut('revoked', pair, async () => await pki.write('revoked.crl', await pki.clusterCa.createCrl([pair.serialNumber])), /^edge-tunnel: node edge-1 is not connected: its agent was lost \d s ago: the certificate was revoked$/);
    // What cannot be read takes nothing back, and is told once.
    await pki.write('revoked.crl', 'half of a');
    await until('it was read', () => world.logs.some(({ msg }) => msg === 'the list of revoked certificates is not used'));
    const again = await SilentAgent.connect(world, pair, server.portOf('agents'));
    await until('it is refused', () => again.end !== undefined);
    assert.equal(again.end?.reason, 'the certificate was revoked');
    // Two authorities' lists, one behind the other, while one replaces the other.
    const [one, two] = [await pki.node('edge-1'), await pki.node('edge-1')];
    await pki.write('revoked.crl', (await pki.clusterCa.createCrl([one.serialNumber])) + (await pki.tunnelCa.createCrl([two.serialNumber])));
    await until('both are refused', async () => {
      const agents = await Promise.all([one, two].map(async (revoked) => await SilentAgent.connect(world, revoked, server.portOf('agents'))));
      await until('they are told', () => agents.every(({ end }) => end !== undefined), 500).catch(() => {});
      return agents.every(({ end }) => end?.reason === 'the certificate was revoked');
    });
  });
  await t.test('expired', async () => {
    // Certificates count in seconds.
    await cut('expired', await pki.node('edge-1', { notAfter: new Date(Date.now() + 2000) }), () => {}, /its agent was lost \d s ago: (the certificate of this session has expired|.*[Ee]xpired.*)$/);
  });
  await t.test('its node is deleted', async () => {
    await cut('deleted', await pki.node('edge-1'), () => server.setNodes([nodes[1]!]), /^edge-tunnel: edge-1 is neither a node nor an address$/);
  });
  await t.test('its node is made anew', async () => {
    server.setNodes(nodes);
    const before = world.logs.length;
    await world.agent('edge-1', server.portOf('agents'));
    await until('it is connected', () => server.nodeCount === 2);
    const client = await world.connect(server, world.kubeletOf('edge-1'));
    server.setNodes([edgeNode('edge-1', { uid: 'another' }), nodes[1]!]);
    await until('its stream is cut', () => client.closed);
    assert.ok(world.logs.slice(before).some(({ reason }) => reason === 'node edge-1 was deleted'));
    // Whoever is the new node is let in.
    await until('it is back', () => server.nodeCount === 2);
    // What changes of a node but its UID cuts nothing.
    const open = await world.connect(server, world.kubeletOf('edge-1'));
    server.setNodes([edgeNode('edge-1', { uid: 'another', address: '10.0.0.1' }), nodes[1]!]);
    await open.echo('still here');
  });
});

test('a kubelet renews its certificate: the agent moves to a new session, and streams go on', async () => {
  await using world = await World.create();
  const { pki } = world;
  const server = await world.server(nodes);
  const swap = async (name: string): Promise<void> => {
    await symlink(pki.path(name), pki.path('next'));
    await rename(pki.path('next'), pki.path('current.pem'));
  };
  const both = async (pair: KeyPair, name: string): Promise<void> => void await pki.write(name, pair.certPem + pair.keyPem);
  await both(await pki.node('edge-1'), 'one.pem');
  await swap('one.pem');
  await world.agent('edge-1', server.portOf('agents'), { pair: { cert: pki.path('current.pem'), key: pki.path('current.pem') }, refreshMs: 20 });
  await until('it is connected', () => server.nodeCount === 1);
  const idle = await world.connect(server, world.kubeletOf('edge-1'));
  await idle.echo('before');
  // First half of one, and another node's: neither is used.
  await pki.write('half.pem', (await pki.node('edge-1')).certPem);
  await swap('half.pem');
  await both(await pki.node('edge-2'), 'other.pem');
  await swap('other.pem');
  const renewed = await pki.node('edge-1');
  await both(renewed, 'two.pem');
  await swap('two.pem');
  await until('a second session has taken over', metric(server, 'edge_tunnel_sessions', 2));
  await idle.echo('still here');
  const next = await world.connect(server, world.kubeletOf('edge-1'));
  await next.echo('through the new one');
  idle.socket.end();
  await until('the old session ends with its last stream', metric(server, 'edge_tunnel_sessions', 1));
  await next.echo('and on');
  assert.deepEqual([idle.ended, idle.error], [true, undefined]);
  assert.equal(await valueOf(server, 'edge_tunnel_server_agent_sessions_total'), 2);
  assert.equal(await valueOf(server, 'edge_tunnel_server_agent_refusals_total'), 0);
});

test('the tunnel gets another authority, step by step, and nothing is cut', async () => {
  await using world = await World.create();
  const { pki } = world;
  const [first, second] = [await world.server(nodes, { refreshMs: 20 }), await world.server(nodes, { refreshMs: 20 })];
  await world.peer(first, second);
  await pki.write('agents-ca.crt', pki.tunnelCa.certPem);
  await world.connected('edge-1', second, { ca: pki.path('agents-ca.crt'), refreshMs: 20 });
  const stream = await world.connect(first, world.kubeletOf('edge-1'));
  await stream.echo('before');
  const next = await createAuthority({ commonName: 'edge-tunnel-ca' });
  const ask = async (pair: KeyPair, ca: string): Promise<number> => {
    const client = await Client.dial({ port: first.portOf('connect'), tls: { cert: pair.certPem, key: pair.keyPem, ca } }).catch(() => undefined);
    if (client === undefined) return 0;
    await client.connect(world.kubeletOf('edge-1')).catch(() => {});
    client.socket.destroy();
    return client.status;
  };
  const old = { certPem: readFileSync(pki.path('apiserver.crt'), 'utf8'), keyPem: readFileSync(pki.path('apiserver.key'), 'utf8') };
  const replaced = await next.issue({ commonName: 'kube-apiserver', client: true });

  // Both are trusted everywhere.
  for (const file of ['tunnel-ca.crt', 'agents-ca.crt']) await pki.write(file, pki.tunnelCa.certPem + next.certPem);
  await until('a client of the new one is let in', async () => (await ask(replaced, pki.tunnelCa.certPem)) === 200);
  assert.equal(await ask(old, pki.tunnelCa.certPem), 200);
  // The servers' certificate is replaced: for a moment its key is still the old one's.
  const pair = await pki.server(next);
  await pki.write('server.crt', pair.certPem);
  await until('the servers have seen half of it', () => world.logs.some(({ msg }) => msg === 'port in trouble'));
  assert.equal(await ask(old, pki.tunnelCa.certPem), 200);
  await pki.write('server.key', pair.keyPem);
  await until('the servers show the new one', async () => (await ask(replaced, next.certPem)) === 200);
  await world.connected('edge-2', first, { ca: pki.path('agents-ca.crt') });
  // The old one is gone.
  for (const file of ['tunnel-ca.crt', 'agents-ca.crt']) await pki.write(file, next.certPem);
  await until('its clients are not let in any more', async () => (await ask(old, next.certPem)) === 0);
  // An empty file is not "all authorities there are".
  await pki.write('tunnel-ca.crt', '');
  await stream.echo('still here');
  assert.equal(await ask(replaced, next.certPem), 200);
});
