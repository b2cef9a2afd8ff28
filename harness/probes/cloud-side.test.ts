import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ClusterState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import { cloudSideOf } from './cloud-side.ts';

const tracked = (port: number, to: number, answered = `src=10.244.5.3 dst=172.17.0.3 sport=8132 dport=${port + 10_000}`): string =>
  `tcp      6 86390 ESTABLISHED src=172.17.0.7 dst=172.17.0.3 sport=${port} dport=${to} ${answered} [ASSURED] mark=0 use=1\n`;

const cluster = { nodes: [{ name: 'cp', tier: 'cloud', address: '172.17.0.2' }, { name: 'w', tier: 'cloud', address: '172.17.0.3' }, { name: 'e', tier: 'edge' }], wans: [{ site: 'east', address: '172.17.0.7' }] } as unknown as ClusterState;

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
    { node: 'cp', address: '172.17.0.2', service: 'apiserver', port: 40003, socket: '172.17.0.6:6443 172.17.0.7:40003' },
    { node: 'w', address: '172.17.0.3', service: 'tunnel', port: 40001, socket: '10.244.5.3:8132 172.17.0.3:50001' },
  ]);
  assert.deepEqual(await cloudSideOf(docker, cluster, 'west'), []);
});

test('what its owner in the cloud has ended by itself is held by nobody, and has heard of no end either', async () => {
  const script: string[] = [];
  const said = { w: [tracked(40001, 30132) + tracked(40002, 30132, 'src=10.244.5.3 dst=172.17.0.3 sport=8132 dport=50002'), 'ESTAB 0 0 [::ffff:10.244.5.3]:8132 [::ffff:172.17.0.3]:50001\nFIN-WAIT-1 0 39 [::ffff:10.244.5.3]:8132 [::ffff:172.17.0.3]:50002\n'] } as const;
  const docker = cloud(said);
  const spied = { exec: async (node: string, argv: string[]) => (script.push(argv[2]!), await docker.exec(node, argv as never)) } as unknown as Docker;
  assert.deepEqual((await cloudSideOf(spied, cluster, 'east', undefined, ['established', 'fin-wait-1'])).map(({ port }) => port), [40001, 40002]);
  assert.match(script[0]!, /ss --no-header --tcp --numeric state established state fin-wait-1$/m);
});

test('a node that cannot tell what it tracks is no node without connections', async () => {
  const script: string[] = [];
  await cloudSideOf({ exec: async (_node: string, argv: string[]) => (script.push(argv[2]!), { code: 0, stdout: '', stderr: '' }) } as unknown as Docker, cluster, 'east');
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-conntrack-'));
  const run = async (conntrack: string): Promise<ReturnType<typeof spawnSync>> => {
    for (const [name, text] of Object.entries({ conntrack, ss: 'echo "0 0 10.0.0.1:1 10.0.0.2:2"', nsenter: 'exit 1' })) await writeFile(join(folder.path, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return spawnSync('sh', ['-c', script[0]!, 'edgeproof', '172.17.0.7'], { encoding: 'utf8', env: { PATH: `${folder.path}:${process.env['PATH']}` } });
  };
  const denied = await run('echo "Operation failed: Operation not permitted" >&2; exit 1');
  assert.deepEqual([denied.status, denied.stderr], [1, 'Operation failed: Operation not permitted\n']);
  const none = await run('echo "conntrack v1.4.7 (conntrack-tools): 0 flow entries have been shown." >&2');
  assert.match(String(none.stdout), /^#sockets\n0 0 10\.0\.0\.1:1 10\.0\.0\.2:2\n/);
});
