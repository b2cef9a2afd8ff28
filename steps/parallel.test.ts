import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { exec } from '../core/exec.ts';
import { repositoryRoot } from '../core/paths.ts';

const cucumber = join(repositoryRoot, 'node_modules', '@cucumber', 'cucumber', 'bin', 'cucumber.js');
const here = import.meta.dirname;
const cluster = { name: 'fake', nodes: [{ name: 'c', tier: 'cloud' }, { name: 'e1', tier: 'edge', site: 'east' }, { name: 'e2', tier: 'edge', site: 'east' }, { name: 'w1', tier: 'edge', site: 'west' }] };

/** Scenarios that take their ground as the real ones do, stand there for a moment, and write down where and when. */
const steps = `
import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { After, Before, Given } from '@cucumber/cucumber';
const { takeGround } = await import(${JSON.stringify(join(here, 'support', 'take-ground.ts'))});
const { wantedBy } = await import(${JSON.stringify(join(here, 'support', 'ground.ts'))});
const { sitesOf } = await import(${JSON.stringify(join(repositoryRoot, 'harness', 'cluster', 'state.ts'))});
const tell = async (line) => await appendFile('log', line + '\\n');
Before(async function ({ pickle }) {
  this.taken = await takeGround(wantedBy(pickle.tags.map(({ name }) => name), false), sitesOf(${JSON.stringify(cluster)}), { timeoutMs: 20_000 });
  await tell(\`+ \${pickle.name} \${this.taken.ground.site ?? this.taken.ground}\`);
});
Given('a moment', async () => void (await sleep(300)));
After(async function ({ pickle }) { await tell('- ' + pickle.name); await this.taken[Symbol.asyncDispose](); });
`;

const scenarios = { end: '@last', all1: '', one1: '@one-site', free1: '@side-by-side', two1: '@one-site @needs-neighbour', one2: '@one-site', two2: '@one-site @needs-neighbour', free2: '@side-by-side', free3: '@side-by-side', all2: '' };

test('Cucumber runs two scenarios at a time that stand on a site each, after those that break nothing and before those that want all, of which the last is the last', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-parallel-'));
  const at = (...names: string[]): string => join(folder.path, ...names);
  await symlink(join(repositoryRoot, 'node_modules'), at('node_modules'));
  await mkdir(at('home', 'clusters', cluster.name), { recursive: true });
  await writeFile(at('home', 'clusters', cluster.name, 'cluster.json'), JSON.stringify(cluster));
  await writeFile(at('some.feature'), `Feature: f\n${Object.entries(scenarios).map(([name, tags]) => `${tags}\nScenario: ${name}\nGiven a moment\n`).join('')}`);
  await writeFile(at('steps.mjs'), steps);
  const plugin = join(here, 'support', 'order-by-ground.ts');
  await writeFile(at('cucumber.mjs'), `export default ${JSON.stringify({ paths: ['some.feature'], import: ['steps.mjs', join(here, 'parallel.ts')], plugin: [plugin], parallel: 2, order: 'defined', format: ['summary'] })};`);
  await exec([process.execPath, cucumber], { cwd: folder.path, env: { ...process.env, EDGEPROOF_HOME: at('home'), EDGEPROOF_CLUSTER: cluster.name, EDGEPROOF_MODE: 'conformance' }, timeoutMs: 60_000 });
  const log = (await readFile(at('log'), 'utf8')).trim().split('\n').map((line) => line.split(' '));
  const standing = new Map<string, string>();
  const seen: string[] = [];
  for (const [sign, name, ground] of log) {
    if (sign === '+') seen.push([...standing.set(name!, ground!)].map(([who, where]) => `${who} on ${where}`).toSorted().join(', '));
    else standing.delete(name!);
  }
  assert.equal(seen.length, Object.keys(scenarios).length);
  for (const together of seen) assert.match(together, /^(free\d on namespace(, free\d on namespace)?|(one\d|two\d) on (east|west)(, (one\d|two\d) on (east|west))?|(all\d|end) on everything)$/);
  assert.equal(seen.at(-1), 'end on everything');
  assert.ok(!seen.some((together) => /two\d on west|east.*east|west.*west/.test(together)), seen.join('\n'));
  // Neither worker has been left without work: both sites were in use at once, each time but when one was left.
  assert.ok(seen.filter((together) => together.includes('east') && together.includes('west')).length >= 2, seen.join('\n'));
});
