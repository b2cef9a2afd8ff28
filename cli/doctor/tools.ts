import { access } from 'node:fs/promises';
import { exec } from '../../core/exec.ts';
import { home } from '../../core/paths.ts';
import { Docker } from '../../harness/docker/docker.ts';
import { whyNoEngine } from '../../harness/engine/find-engine.ts';
import { hasProgram } from '../../harness/engine/host-packages.ts';
import { atLeast } from '../../harness/images/go-toolchain.ts';
import { go as pinnedGo } from '../../images/versions.ts';
import { byEdgeproof, ok, you, type Check } from './check.ts';

const engine: Check = {
  id: 'docker',
  look: async ({ engine: found, installs, signal }) => {
    if (found !== undefined) return ok(`Docker ${found.version} at ${found.host} (${found.private ? "edgeproof's own" : 'yours'})`);
    const why = await whyNoEngine(signal);
    if (installs) return byEdgeproof(why, 'edgeproof installs docker.io where it is missing, and starts an engine of its own');
    return you(why, 'start Docker (sudo systemctl start docker), install it (https://docs.docker.com/engine/install), or see that this user may use its socket (sudo usermod -aG docker $USER, then log in again)');
  },
};

const go: Check = {
  id: 'go',
  look: async ({ installs, signal }) => {
    const answer = await exec(['go', 'env', 'GOVERSION'], { env: { GOTOOLCHAIN: 'local' }, accept: 'any', timeoutMs: 10_000, signal }).catch(() => undefined);
    const version = /^go(\d+(\.\d+)*)/.exec(answer?.stdout ?? '')?.[1];
    if (version !== undefined && atLeast(version, pinnedGo.version)) return ok(version);
    const found = version === undefined ? 'none' : `${version}, older than ${pinnedGo.version}`;
    if (await access(`${home}/go-${pinnedGo.version}/go/bin/go`).then(() => true, () => false)) return ok(`${pinnedGo.version}, brought by edgeproof (the host has ${found})`);
    const pip = await exec(['python3', '-m', 'pip', '--version'], { accept: 'any', timeoutMs: 20_000, signal }).then(({ code }) => code === 0, () => false);
    if (installs || (pip && (await hasProgram('unzip')))) return byEdgeproof(found, `Go ${pinnedGo.version} comes from PyPI when images are built`);
    return you(found, `install Go ${pinnedGo.version} or newer, or python3 with pip and unzip`);
  },
};

const debootstrap: Check = {
  id: 'debootstrap',
  look: async ({ installs }) => {
    if (await hasProgram('debootstrap')) return ok('installed');
    return installs ? byEdgeproof('not installed', 'installed when images are built') : you('not installed', 'install debootstrap');
  },
};

/** Things of clusters that edgeproof does not remember: of a run that was killed, or of a boot that is under way. */
const leftovers: Check = {
  id: 'leftovers',
  look: async ({ engine: found }) => {
    if (found === undefined) return ok('none (no engine runs)');
    const [{ findClusters }, { listClusters }] = await Promise.all([import('../../harness/cluster/down.ts'), import('../../harness/cluster/store.ts')]);
    const [there, remembered] = await Promise.all([findClusters(new Docker(found)), listClusters()]);
    const strange = there.filter((name) => !remembered.includes(name));
    const known = remembered.length === 0 ? 'none' : `none; clusters: ${remembered.join(', ')}`;
    return strange.length === 0 ? ok(known) : you(`parts of ${strange.join(', ')}`, `unless a boot is under way: edgeproof down ${strange.length === 1 ? strange[0] : '--all'}`);
  },
};

export const toolChecks: readonly Check[] = [engine, go, debootstrap, leftovers];
