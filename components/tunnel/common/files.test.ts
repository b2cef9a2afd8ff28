import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../../core/errors.ts';
import { Credentials } from '../agent/credentials.ts';
import { Pki } from '../testing/pki.ts';
import { checkTlsFiles } from './tls.ts';
import { WatchedFiles } from './watched-files.ts';

/** As the kubelet replaces the files of a Secret: a new folder, and a link to it that is swapped. */
async function swap(folder: string, version: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(folder, version));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, version, name), text);
  await symlink(version, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
}

test('files behind a link that is swapped are seen, all at once, and only when they differ', async () => {
  await using pki = await Pki.create();
  const folder = pki.path('secret');
  await mkdir(folder);
  await swap(folder, '..1', { a: 'one', b: 'one' });
  for (const name of ['a', 'b']) await symlink(join('..data', name), join(folder, name));
  const reasons: string[] = [];
  const files = new WatchedFiles({ a: join(folder, 'a'), b: join(folder, 'b') }, { check: ({ a, b }) => { if (a !== b) throw new Error(`${a} and ${b}`); }, failed: (reason) => void reasons.push(reason) });
  assert.equal(files.refresh(), false);
  await swap(folder, '..2', { a: 'one', b: 'one' });
  assert.equal(files.refresh(), false);
  await swap(folder, '..3', { a: 'two', b: 'two' });
  assert.equal(files.refresh(), true);
  assert.deepEqual(files.content, { a: 'two', b: 'two' });
  assert.equal(files.refresh(), false);
  // What does not fit together, and what is not there, leaves what there was, and is told once.
  await swap(folder, '..4', { a: 'two', b: 'three' });
  for (let time = 0; time < 3; time += 1) assert.equal(files.refresh(), false);
  await rm(join(folder, '..data'));
  for (let time = 0; time < 3; time += 1) assert.equal(files.refresh(), false);
  assert.deepEqual(files.content, { a: 'two', b: 'two' });
  assert.deepEqual(reasons, ['two and three', `${join(folder, 'a')} cannot be read: ENOENT`]);
  await swap(folder, '..5', { a: 'four', b: 'four' });
  assert.equal(files.refresh(), true);
  assert.throws(() => new WatchedFiles({ a: join(folder, 'c') }), (error) => error instanceof UsageError && /c cannot be read: ENOENT$/.test(error.message));
});

test('TLS files are used only when they belong together and hold what they should', async () => {
  await using pki = await Pki.create();
  const [one, two] = [await pki.server(), await pki.server()];
  const ca = pki.tunnelCa.certPem;
  checkTlsFiles({ cert: one.certPem, key: one.keyPem, ca });
  checkTlsFiles({ cert: one.certPem, key: one.keyPem, ca: `# a comment\n${ca}\n${pki.clusterCa.certPem}` });
  for (const [what, files] of Object.entries({
    'another key': { cert: one.certPem, key: two.keyPem, ca },
    'half a certificate': { cert: one.certPem.slice(0, 200), key: one.keyPem, ca },
    'no key': { cert: one.certPem, key: '', ca },
    'an empty CA': { cert: one.certPem, key: one.keyPem, ca: '' },
    'a CA that is none': { cert: one.certPem, key: one.keyPem, ca: 'hello' },
    'half a CA': { cert: one.certPem, key: one.keyPem, ca: ca + ca.slice(0, 200) },
    'a damaged CA': { cert: one.certPem, key: one.keyPem, ca: ca.replace(/[A-Za-z0-9]{40}/, 'A'.repeat(40)) },
  })) assert.throws(() => checkTlsFiles(files), () => true, what);
});

test('an agent stays the node that it was', async () => {
  await using pki = await Pki.create();
  const paths = { ...(await pki.writePair('node', await pki.node('edge-1'))), ca: pki.path('tunnel-ca.crt') };
  const reasons: string[] = [];
  const credentials = new Credentials(paths, (reason) => void reasons.push(reason));
  assert.equal(credentials.nodeName, 'edge-1');
  assert.equal(credentials.refresh(), false);
  await pki.writePair('node', await pki.node('edge-2'));
  assert.equal(credentials.refresh(), false);
  await pki.writePair('node', await pki.node('x', { commonName: 'kube-apiserver' }));
  assert.equal(credentials.refresh(), false);
  const renewed = await pki.node('edge-1');
  await pki.writePair('node', renewed);
  assert.equal(credentials.refresh(), true);
  assert.equal(credentials.tls.cert, renewed.certPem);
  assert.deepEqual(reasons, ['the new certificate is that of node edge-2, and this agent is of node edge-1', 'the new certificate is no node\'s, and this agent is of node edge-1']);
  await pki.writePair('other', await pki.server());
  assert.throws(() => new Credentials({ ...paths, ...pki.pair('other') }), { code: 'NOT_A_NODE' });
});

test('an agent knows that its certificate has ended: servers tell it no more than the end of the connection', async () => {
  await using pki = await Pki.create();
  const ca = pki.path('tunnel-ca.crt');
  assert.equal(new Credentials({ ...(await pki.writePair('good', await pki.node('edge-1'))), ca }).expiredAt, undefined);
  const endedAt = new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000);
  const ended = await pki.node('edge-1', { notBefore: new Date(endedAt.getTime() - 3_600_000), notAfter: endedAt });
  assert.deepEqual(new Credentials({ ...(await pki.writePair('ended', ended)), ca }).expiredAt, endedAt);
});
