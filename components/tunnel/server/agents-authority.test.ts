import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { createAuthority } from '../../../core/pki.ts';
import { until } from '../testing/until.ts';
import { edgeNode, metric, World } from '../testing/world.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

test('agents have an authority of their own: it is rotated with an overlap, seen in metrics, and nobody else notices', async () => {
  await using world = await World.create();
  const { pki } = world;
  const [old, next] = [await createAuthority({ commonName: 'agents 1' }), await createAuthority({ commonName: 'agents 2' })];
  const [shownOld, shownNew] = [await pki.server(old), await pki.server(next)];
  const { cert: agentsCert, key: agentsKey } = await pki.writePair('agents', shownOld);
  const nodes = [edgeNode('edge-1'), edgeNode('edge-2')];
  const server = await world.server(nodes, { refreshMs: 20, paths: { ...pki.pair('server'), ca: pki.path('tunnel-ca.crt'), nodeCa: pki.path('cluster-ca.crt'), agentsCert, agentsKey } });
  // Who trusts the tunnel's authority alone, which signs its clients and its peers, does not take it for a server.
  const stranger = await world.agent('edge-2', server.portOf('agents'));
  await until('it has refused', () => world.logs.some(({ msg, agent }) => msg === 'no session' && agent === 'edge-2'));
  await stranger.stop();

  const ca = await pki.write('agents-ca.crt', old.certPem);
  const { agent } = await world.connected('edge-1', server, { ca, refreshMs: 20 });
  const stream = await world.connect(server, world.kubeletOf('edge-1'));
  await stream.echo('before');
  const trusts = async (text: string): Promise<void> => {
    await pki.write('agents-ca.crt', text);
    await until('the agent tells so', metric(agent, 'edge_tunnel_file_in_use', 1, { file: 'ca', sha256: sha256(text) }));
  };
  await trusts(old.certPem + next.certPem);
  await pki.writePair('agents', shownNew);
  await until('the server tells so', metric(server, 'edge_tunnel_file_in_use', 1, { file: 'agents-cert', sha256: sha256(shownNew.certPem) }));
  await trusts(next.certPem);
  // What was in use is not told any more.
  assert.equal(await metric(agent, 'edge_tunnel_file_in_use', 1, { file: 'ca', sha256: sha256(old.certPem) })(), false);
  await (await world.connect(server, world.kubeletOf('edge-1'))).echo('after');
  await stream.echo('still here');

  // An agent that trusts the old one alone takes nobody for a server any more.
  const before = world.logs.length;
  const left = await world.agent('edge-2', server.portOf('agents'), { ca: await pki.write('old-ca.crt', old.certPem) });
  await until('it has refused', () => world.logs.slice(before).some(({ msg, agent: of }) => msg === 'no session' && of === 'edge-2'));
  assert.equal(server.nodeCount, 1);
  await left.stop();
});
