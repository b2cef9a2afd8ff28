import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { InstallContext } from '../../harness/implementation.ts';
import type { KubePod, Manifest } from '../../harness/kube/objects.ts';
import { silentProgress } from '../../core/progress.ts';
import { agentsPairs, makeCertificates, readPair } from './certificates.ts';
import { setTunnelTrust } from './trust.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A cluster of one server and one agent, which take up what was applied when their kubelet has been nudged. */
function cluster(folder: string): { context: InstallContext; applied: Map<string, Manifest>; nudged: string[]; takesUp: boolean } {
  const applied = new Map<string, Manifest>();
  const inUse = new Map<string, string>();
  const seen = { applied, nudged: [] as string[], takesUp: true };
  const pod = (app: string, nodeName: string): KubePod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: `${app}-1` }, spec: { containers: [], nodeName }, status: { podIP: '10.244.0.2' } });
  const pods: Record<string, KubePod> = { 'edge-tunnel-server': pod('edge-tunnel-server', 'cloud'), 'edge-tunnel-agent': pod('edge-tunnel-agent', 'edge') };
  const now = (): Record<string, string> => ({
    'edge-tunnel-server-1': `file="agents-cert",sha256="${sha256(Buffer.from((applied.get('edge-tunnel-server-agents') as unknown as { data: Record<string, string> }).data['tls.crt']!, 'base64').toString())}"`,
    'edge-tunnel-agent-1': `file="ca",sha256="${sha256((applied.get('edge-tunnel-ca') as unknown as { data: Record<string, string> }).data['ca.crt']!)}"`,
  });
  const kube = {
    applyAll: async (manifests: Manifest[]) => { for (const one of manifests) applied.set(one.metadata.name, one); },
    list: async (_version: string, _kind: string, { labelSelector }: { labelSelector: string }) => [pods[labelSelector.replace('app=', '')]!],
    request: async (_method: string, path: string) => {
      const name = path.split('/').at(-1)!;
      seen.nudged.push(name);
      if (seen.takesUp) inUse.set(name, now()[name]!);
    },
  };
  const docker = { exec: async (node: string, argv: string[]) => {
    assert.equal(argv.at(-1), node === 'cloud' ? 'http://10.244.0.2:8134/metrics' : 'http://127.0.0.1:10271/metrics');
    const labels = inUse.get(node === 'cloud' ? 'edge-tunnel-server-1' : 'edge-tunnel-agent-1');
    return { code: 0, stdout: labels === undefined ? '' : `edge_tunnel_file_in_use{${labels}} 1\n`, stderr: '' };
  } };
  const context = { folder, kube, docker, signal: AbortSignal.timeout(5000), step: { ...silentProgress, detail: () => {}, result: () => {} } } as unknown as InstallContext;
  return Object.assign(seen, { context });
}

test('each step of a rotation is applied, brought to the Pods that lack it, and waited for', async () => {
  await using own = await mkdtempDisposable(join(tmpdir(), 'edgeproof-trust-'));
  await makeCertificates(own.path, '10.96.0.0/16');
  const seen = cluster(own.path);
  const trusted = (): string => (seen.applied.get('edge-tunnel-ca') as unknown as { data: Record<string, string> }).data['ca.crt']!;
  const authoritiesIn = (): string[] => trusted().match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g)!;
  const shownBy = (): X509Certificate => new X509Certificate(Buffer.from((seen.applied.get('edge-tunnel-server-agents') as unknown as { data: Record<string, string> }).data['tls.crt']!, 'base64'));

  await setTunnelTrust(seen.context, { trusted: ['old', 'new'], serving: 'old' });
  const [old, next] = authoritiesIn().map((text) => new X509Certificate(text).publicKey);
  assert.equal(authoritiesIn().length, 2);
  assert.ok(shownBy().verify(old!));
  assert.deepEqual(seen.nudged.sort(), ['edge-tunnel-agent-1', 'edge-tunnel-server-1']);

  seen.nudged.length = 0;
  await setTunnelTrust(seen.context, { trusted: ['old', 'new'], serving: 'new' });
  assert.ok(shownBy().verify(next!));
  // The agents have it already.
  assert.deepEqual(seen.nudged, ['edge-tunnel-server-1']);

  await setTunnelTrust(seen.context, { trusted: ['new'], serving: 'new' });
  assert.equal(trusted(), (await readPair(own.path, agentsPairs.new.ca)).certPem);
  assert.notEqual(trusted(), (await readPair(own.path, agentsPairs.old.ca)).certPem);
});

test('an agent that does not take it up is waited for, and named', async () => {
  await using own = await mkdtempDisposable(join(tmpdir(), 'edgeproof-trust-'));
  await makeCertificates(own.path, '10.96.0.0/16');
  const seen = cluster(own.path);
  seen.takesUp = false;
  const context = { ...seen.context, signal: AbortSignal.timeout(500) };
  await assert.rejects(setTunnelTrust(context, { trusted: ['old', 'new'], serving: 'old' }));
  assert.deepEqual(seen.nudged.sort(), ['edge-tunnel-agent-1', 'edge-tunnel-server-1']);
});
