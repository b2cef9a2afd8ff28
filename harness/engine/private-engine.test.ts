import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exec } from '../../core/exec.ts';

/** A machine of its own, as far as our engine sees: /run, the network with its firewall and its locks. */
const apart = ['unshare', '--mount', '--net', 'sh', '-c', 'mount -t tmpfs edgeproof-test /run && mkdir /run/edgeproof && exec "$@"', 'edgeproof'] as const;
const able = process.platform === 'linux' && process.getuid?.() === 0 && (await exec([...apart, 'iptables', '--list-rules']).then(() => true, () => false));

const script = `
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { leavePrivateEngine } from ${JSON.stringify(join(import.meta.dirname, 'private-engine.ts'))};
const containers = join(process.env.EDGEPROOF_HOME, 'engine', 'data', 'containers');
mkdirSync(join(containers, '4c01db0b339c'), { recursive: true });
writeFileSync('/run/edgeproof/docker.pid', '4194303');
const said = [await leavePrivateEngine(), existsSync('/run/edgeproof/docker.pid')];
rmSync(containers, { recursive: true });
said.push(await leavePrivateEngine(), existsSync('/run/edgeproof'));
console.log(JSON.stringify(said));`;

test('an engine that was killed with containers on it is left as it is, for whoever starts it to remove them; without any, nothing of it stays', { skip: able ? false : 'needs root that may have a /run and a network of its own' }, async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), 'edgeproof-engine-'));
  const { stdout } = await exec([...apart, process.execPath, '--input-type=module', '--eval', script], { env: { EDGEPROOF_HOME: home.path } });
  assert.deepEqual(JSON.parse(stdout), ['killed', true, 'not ours', false]);
});
