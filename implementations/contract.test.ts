import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Implementation } from '../harness/implementation.ts';
import { loadTopology, topologyNames } from '../topologies/load.ts';
import { contractProblems } from './contract.ts';
import { implementationNames, loadImplementation } from './load.ts';

const { signal } = new AbortController();
const topologies = await Promise.all((await topologyNames()).map(async (name) => await loadTopology(name)));

for (const name of await implementationNames()) {
  test(`${name} keeps to the contract of an implementation`, async () => {
    assert.deepEqual(await contractProblems(await loadImplementation(name), topologies, signal), []);
  });
}

const plain: Implementation = { name: 'mine', description: 'a trial', version: '1', claims: [], install: async () => {}, uninstall: async () => {} };
const problemsOf = async (parts: Partial<Implementation>): Promise<string> => (await contractProblems({ ...plain, ...parts }, topologies.slice(0, 1), signal)).join('\n');

test('what it says of itself must be usable', async () => {
  assert.match(await problemsOf({ description: 'two\nlines' }), /^description is not one line/);
  assert.match(await problemsOf({ claims: ['lifecycle', 'lifecycle'] }), /^claims names a capability twice/);
  assert.match(await problemsOf({ claims: ['tunnel'] }), /^tunnel is claimed and not said where it is/);
  assert.match(await problemsOf({ autonomy: { units: ['edge-hub'] } }), /^autonomy\.units\.0 is not the name of a service/);
  assert.match(await problemsOf({ identity: { stateFiles: ['/var/lib/../etc'] } }), /^identity\.stateFiles\.0 is not an absolute path/);
  assert.match(await problemsOf({ tunnel: { namespace: 'Mine', server: 'server', agent: 'agent' } }), /^tunnel\.namespace is not a name that Kubernetes takes/);
});

test('its images are there, and the same each time', async () => {
  let asked = 0;
  assert.match(await problemsOf({ images: async () => [{ tags: [`mine:v${asked++}`], tiers: ['edge'], entrypoint: [] }] }), /answers otherwise when it is asked again/);
  const problems = await problemsOf({ images: async () => [{ tags: ['mine:latest'], tiers: [], entrypoint: [], files: { app: '/no/such/file' } }] });
  assert.match(problems, /mine:latest: its tags must[^]*no node has it[^]*app is not an absolute path[^]*\/no\/such\/file is not there/);
});

test('what it prepares stays in its folder, is closed to others, and says what it changes', async () => {
  const problems = await problemsOf({
    prepare: async ({ folder }) => {
      await mkdir(join(folder, 'pki'));
      await writeFile(join(folder, 'pki', 'ca.key'), '');
      await chmod(join(folder, 'pki', 'ca.key'), 0o644);
      return { kubeadm: ['apiServer: {}\n'], controlPlaneMounts: [{ hostPath: '/etc', containerPath: '/etc/mine' }], workers: { edge: { mounts: [{ hostPath: join(folder, 'absent'), containerPath: 'mine' }] } } };
    },
  });
  assert.match(problems, /names no kind[^]*mounts \/etc, which is not in its folder[^]*absent, which is not there[^]*mine is no absolute path[^]*pki\/ca\.key has the mode 644/);
  assert.match(await problemsOf({ prepare: async () => await Promise.reject(new Error('no openssl')) }), /prepare for .* failed: no openssl/);
});
