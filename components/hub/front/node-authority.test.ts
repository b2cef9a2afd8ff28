import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmod, mkdtempDisposable, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { NodeAuthority } from './node-authority.ts';

const day = 24 * 3600 * 1000;
const names = ['kubernetes.default.svc', 'localhost', '127.0.0.1', '10.96.0.1', 'fd00::1'];

async function folder(): Promise<AsyncDisposable & { readonly path: string }> {
  const made = await mkdtempDisposable(join(tmpdir(), 'edgeproof-authority-'));
  return { path: join(made.path, 'pki'), [Symbol.asyncDispose]: async () => await made.remove() };
}

/** Whether a client that trusts a bundle takes a serving certificate. */
const trusts = (bundle: string, serving: string): boolean => {
  const leaf = new X509Certificate(serving);
  return (bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).some((pem) => leaf.checkIssued(new X509Certificate(pem)) && leaf.verify(new X509Certificate(pem).publicKey));
};

test('an authority and a certificate are made once, for root alone, and are there after a restart', async () => {
  await using at = await folder();
  const first = await NodeAuthority.open({ folder: at.path, nodeName: 'edge-1', names });
  const certificate = new X509Certificate(first.content.cert);
  assert.equal(certificate.subjectAltName, 'DNS:kubernetes.default.svc, DNS:localhost, IP Address:127.0.0.1, IP Address:10.96.0.1, IP Address:FD00:0:0:0:0:0:0:1');
  assert.ok(trusts(first.trusted, first.content.cert));
  assert.match(new X509Certificate(first.trusted).subject, /CN=edge-hub of edge-1/);
  const modes = await Promise.all((await readdir(at.path)).sort().map(async (name) => [name, (await stat(join(at.path, name))).mode & 0o777]));
  assert.deepEqual(modes, [['authority-1.pem', 0o600], ['serving.pem', 0o600], ['trusted.crt', 0o644]]);
  assert.equal((await stat(at.path)).mode & 0o777, 0o700);
  assert.equal(await readFile(join(at.path, 'trusted.crt'), 'utf8'), first.trusted);
  await chmod(at.path, 0o755);
  const again = await NodeAuthority.open({ folder: at.path, nodeName: 'edge-1', names });
  assert.deepEqual([again.trusted, again.content], [first.trusted, first.content]);
  assert.equal((await stat(at.path)).mode & 0o777, 0o700);
  // Another name: another certificate, by the same authority.
  const more = await NodeAuthority.open({ folder: at.path, nodeName: 'edge-1', names: [...names, '169.254.20.1'] });
  assert.equal(more.trusted, first.trusted);
  assert.ok(new X509Certificate(more.content.cert).checkIP('169.254.20.1') !== undefined);
});

test('over thirty years, at every moment: the certificate is good, and every client that has read the bundle in the last month trusts it', async () => {
  await using at = await folder();
  let now = Date.now();
  let authority = await NodeAuthority.open({ folder: at.path, nodeName: 'edge-1', names, now: () => new Date(now) });
  const bundles: string[] = [];
  const seen = new Set<string>();
  for (let months = 0; months < 360; months += 1) {
    now += 15 * day;
    // It is restarted now and then.
    if (months % 7 === 0) authority = await NodeAuthority.open({ folder: at.path, nodeName: 'edge-1', names, now: () => new Date(now) });
    else await authority.refresh();
    const { validFromDate, validToDate } = new X509Certificate(authority.content.cert);
    assert.ok(validFromDate.getTime() <= now && validToDate.getTime() > now + 100 * day);
    bundles.push(authority.trusted);
    for (const bundle of bundles.slice(-3)) assert.ok(trusts(bundle, authority.content.cert), `after ${months} half months`);
    for (const pem of authority.trusted.split(/(?=-----BEGIN)/)) assert.ok(new X509Certificate(pem).validToDate.getTime() > now);
    seen.add(authority.content.cert);
  }
  assert.ok(seen.size > 15 && seen.size < 40, `${seen.size} certificates`);
});

test('a clock that was in another year: the certificate is good as soon as the clock is right, and so is the authority that clients knew', async () => {
  for (const wrong of [new Date('1970-01-02'), new Date('2050-01-01')]) for (const isFirst of [true, false]) {
    await using at = await folder();
    const right = new Date('2026-11-28');
    const options = { folder: at.path, nodeName: 'edge-1', names };
    const known = isFirst ? undefined : (await NodeAuthority.open({ ...options, now: () => right })).trusted;
    let now = wrong;
    const authority = await NodeAuthority.open({ ...options, now: () => now });
    now = new Date(right.getTime() + 60_000);
    for (const one of [authority, await NodeAuthority.open({ ...options, now: () => now })]) {
      await one.refresh();
      const { validFromDate, validToDate } = new X509Certificate(one.content.cert);
      assert.ok(validFromDate <= now && validToDate > now, `it was ${wrong.getFullYear()}`);
      assert.ok(trusts(known ?? one.trusted, one.content.cert));
      assert.ok(one.trusted.split(/(?=-----BEGIN)/).some((pem) => new X509Certificate(pem).validFromDate <= now && trusts(pem, one.content.cert)));
    }
  }
});

test('files that are damaged are told of and made anew: the hub starts', async () => {
  for (const [name, damage] of [['serving.pem', async (path: string) => await truncate(path, 100)], ['authority-1.pem', async (path: string) => await writeFile(path, 'nonsense')], ['authority-1.pem', async (path: string) => await truncate(path, 0)]] as const) {
    await using at = await folder();
    const first = await NodeAuthority.open({ folder: at.path, nodeName: 'edge-1', names });
    await damage(join(at.path, name));
    await writeFile(join(at.path, 'serving.pem.new'), 'of a write that a power cut has ended');
    const told: string[] = [];
    const again = await NodeAuthority.open({ folder: at.path, nodeName: 'edge-1', names, troubled: (reason) => void told.push(reason) });
    assert.match(told.join(), new RegExp(`^${name} is of no use`));
    assert.ok(trusts(again.trusted, again.content.cert));
    assert.equal(again.trusted === first.trusted, name === 'serving.pem');
    assert.ok(!(await readdir(at.path)).includes('serving.pem.new'));
  }
});
