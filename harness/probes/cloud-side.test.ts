import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import { cloudSideOf } from './cloud-side.ts';

const tracked = (port: number, to: number, answered = `src=10.244.5.3 dst=172.17.0.3 sport=8132 dport=${port + 10_000}`): string =>
  `tcp      6 86390 ESTABLISHED src=172.17.0.7 dst=172.17.0.3 sport=${port} dport=${to} ${answered} [ASSURED] mark=0 use=1\n`;

const cluster = { nodes: [{ name: 'cp', tier: 'cloud' }, { name: 'w', tier: 'cloud' }, { name: 'e', tier: 'edge' }], wans: [{ site: 'east', address: '172.17.0.7' }] } as unknown as ClusterState;

/** What each cloud node tracks, and which sockets are open there. */
function cloud(said: Readonly<Record<string, readonly [string, string]>>): Docker {
  const exec = async (node: string, argv: string[]) => {
    assert.equal(argv.at(-1), '172.17.0.7');
    const [conntrack, sockets] = said[node] ?? ['', ''];
    return { code: 0, stdout: `${conntrack}#sockets\n${sockets}`, stderr: '' };
  };
  return { exec } as unknown as Docker;
}

test('what the WAN dialled is held by the socket behind the Service, on whichever node; one that its owner has closed is not held', async () => {
  const docker = cloud({
    w: [tracked(40001, 30132) + tracked(40002, 30132) + tracked(40004, 22), ''],
    cp: [tracked(40003, 6443, 'src=172.17.0.6 dst=172.17.0.7 sport=6443 dport=40003'), '0 38 [::ffff:10.244.5.3]:8132 [::ffff:172.17.0.3]:50001\n0 0 172.17.0.6:6443 172.17.0.7:40003 \n0 0 10.0.0.1:22 10.0.0.2:9\n'],
  });
  assert.deepEqual(await cloudSideOf(docker, cluster, 'east'), [
    { node: 'cp', service: 'apiserver', port: 40003, socket: '172.17.0.6:6443 172.17.0.7:40003' },
    { node: 'w', service: 'tunnel', port: 40001, socket: '10.244.5.3:8132 172.17.0.3:50001' },
  ]);
  assert.deepEqual(await cloudSideOf(docker, cluster, 'west'), []);
});
