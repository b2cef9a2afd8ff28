import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createAuthority } from '../core/pki.ts';
import type { Docker } from '../harness/docker/docker.ts';
import { createFault, faultFromRecord, type FaultContext, type FaultKind } from './fault.ts';

const pki = '/var/lib/kubelet/pki';
const authority = await createAuthority({ commonName: 'kubernetes' });

/** An edge node whose files are in a folder, run by this machine's shell; its API server believes the certificate. */
function cluster(folder: string): { ctx: FaultContext; current: () => X509Certificate; files: () => string[] } {
  mkdirSync(join(folder, pki), { recursive: true });
  writeFileSync(join(folder, pki, 'own.pem'), 'OWN');
  symlinkSync(join(folder, pki, 'own.pem'), join(folder, pki, 'kubelet-client-current.pem'));
  const current = (): X509Certificate => new X509Certificate(readFileSync(join(folder, pki, 'kubelet-client-current.pem')));
  const exec = async (name: string, argv: string[], { input }: { input?: string }) => {
    const answer = (stdout: string) => ({ code: 0, stdout, stderr: '' });
    if (name === 'cp') return answer(argv[1]!.endsWith('ca.key') ? authority.keyPem : authority.certPem);
    // The cloud itself is asked: an implementation may have something of its own answer on the node.
    if (argv[0] === 'curl') return answer(!argv.at(-1)!.startsWith('https://10.0.0.2:6443/apis/') ? 'somebody else\n401' : `"username": "${current().subject.split('\n').find((line) => line.startsWith('CN='))!.slice(3)}"\n201`);
    const inFolder = argv.map((word) => (word.startsWith(pki) ? join(folder, word) : word));
    return answer(execFileSync(inFolder[0]!, inFolder.slice(1), { input: input ?? '', encoding: 'utf8' }));
  };
  const nodes = [{ name: 'cp', role: 'control-plane', tier: 'cloud', address: '10.0.0.2' }, ...['edge', 'edge2'].map((name) => ({ name, role: 'worker', tier: 'edge', site: 'east' }))];
  const ctx = { cluster: { name: 'dev', nodes }, docker: { exec } as unknown as Docker, signal: AbortSignal.timeout(5000) } as unknown as FaultContext;
  return { ctx, current, files: () => readdirSync(join(folder, pki)).sort() };
}

const healing = (kind: FaultKind) => faultFromRecord({ id: '1', kind, target: 'node edge', startedAt: '' });

test("a node's certificate is replaced by one that ends soon, and the kubelet's comes back from the record alone", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-cert-'));
  const { ctx, current, files } = cluster(folder.path);
  const fault = createFault('cert-short', 'node edge');
  await fault.inject(ctx);
  assert.match(await fault.verify(ctx), /^edge is system:node:edge to the API server, until /);
  assert.ok(current().verify(new X509Certificate(authority.certPem).publicKey));
  const left = Date.parse(current().validTo) - Date.now();
  assert.ok(left > 5000 && left <= 8000, `${left}`);
  // Again: another one, and the kubelet's link is not lost.
  const { serialNumber } = current();
  await fault.inject(ctx);
  assert.notEqual(current().serialNumber, serialNumber);
  for (let time = 0; time < 2; time++) {
    await healing('cert-short').heal(ctx);
    assert.deepEqual(files(), ['kubelet-client-current.pem', 'own.pem']);
    assert.equal(readlinkSync(join(folder.path, pki, 'kubelet-client-current.pem')), join(folder.path, pki, 'own.pem'));
  }
});

test("a node's certificate is replaced by that of another one", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-cert-'));
  const { ctx } = cluster(folder.path);
  const fault = createFault('cert-other', 'node edge');
  await fault.inject(ctx);
  assert.match(await fault.verify(ctx), /^edge is system:node:edge2 to the API server/);
});

test('a kubelet that has rotated meanwhile keeps what it has', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-cert-'));
  const { ctx, files } = cluster(folder.path);
  await createFault('cert-short', 'node edge').inject(ctx);
  const link = join(folder.path, pki, 'kubelet-client-current.pem');
  writeFileSync(join(folder.path, pki, 'newer.pem'), 'NEWER');
  rmSync(link);
  symlinkSync(join(folder.path, pki, 'newer.pem'), link);
  await healing('cert-short').heal(ctx);
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.equal(readFileSync(link, 'utf8'), 'NEWER');
  assert.deepEqual(files(), ['kubelet-client-current.pem', 'newer.pem', 'own.pem']);
});

test('a file that was not replaced is not the fault', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-cert-'));
  const { ctx } = cluster(folder.path);
  await assert.rejects(createFault('cert-short', 'node edge').verify({ ...ctx, signal: AbortSignal.timeout(400) }));
});
