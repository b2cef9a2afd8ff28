import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { exec, type ExecResult } from '../core/exec.ts';
import { repositoryRoot } from '../core/paths.ts';
import type { ClusterState } from '../harness/cluster/state.ts';
import { loadTopology } from '../topologies/load.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgeproof-cli-'));
});
after(async () => {
  await rm(folder, { recursive: true });
});

/** Runs the real command line in a folder of its own, with a home of its own, whatever Docker is there. */
async function edgeproof(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ExecResult> {
  return await exec([process.execPath, join(repositoryRoot, 'cli', 'main.ts'), ...args], {
    cwd: folder,
    env: { EDGEPROOF_HOME: join(folder, 'home'), NO_COLOR: '1', ...env },
    accept: 'any',
    timeoutMs: 60_000,
  });
}

const verbs = ['doctor', 'images', 'images build', 'images list', 'images export', 'images import', 'topology', 'topology list', 'topology show', 'topology validate', 'up', 'status', 'kubeconfig', 'shell', 'logs', 'fault', 'fault inject', 'fault heal', 'fault list', 'uninstall', 'down', 'demo', 'conformance', 'control', 'report', 'report compare', 'bench', 'bench tunnel', 'bench http', 'bench hub', 'bench report', 'accidents'];

test('every verb has help with an example, on stdout', async () => {
  const pages = await Promise.all(verbs.map(async (verb) => await edgeproof([...verb.split(' '), '--help'])));
  for (const [index, { code, stdout, stderr }] of pages.entries()) {
    assert.deepEqual([code, stderr], [0, ''], stderr);
    assert.match(stdout, new RegExp(`Usage: edgeproof ${verbs[index]}[^]*Examples?:\\n  edgeproof `));
  }
  const { code, stdout } = await edgeproof(['help', 'fault', 'inject']);
  assert.deepEqual([code, stdout], [0, pages[verbs.indexOf('fault inject')]!.stdout]);
});

test('without a verb: help on stderr, and no success', async () => {
  for (const args of [[], ['fault'], ['images']] as string[][]) {
    const { code, stdout, stderr } = await edgeproof(args);
    assert.deepEqual([code, stdout], [254, '']);
    assert.match(stderr, /^Usage: edgeproof/);
  }
});

test('the version', async () => {
  assert.match((await edgeproof(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
});

const mistakes: [string[], RegExp][] = [
  [['confrmance'], /^edgeproof: unknown verb 'confrmance'; did you mean conformance\?\n  next: see edgeproof --help\n$/],
  [['nonsense', '--help'], /unknown verb 'nonsense'\n/],
  [['help', 'nonsense'], /unknown verb 'nonsense'\n/],
  [['conformance', '--cluster', 'dev', '--topology', 'one-edge'], /--cluster and --topology exclude each other\n  next: that cluster is what it is already, and stays/],
  [['conformance', '--cluster', 'nowhere'], /there is no cluster "nowhere"/],
  [['conformance', '--tags', '@tunnel', '--rerun-failed'], /--tags and --rerun-failed exclude each other/],
  [['conformance', '--repeat', '0'], /It must be a whole number from 1 to 1000/],
  [['fault', 'injct'], /unknown verb 'injct'; did you mean inject\?\n  next: see edgeproof fault --help/],
  [['up', '--imges', 'pull'], /unknown option '--imges'; did you mean --images\?\n  next: see edgeproof up --help/],
  [['up', '--images', 'steal'], /'steal' is invalid\. Allowed choices are auto, build, pull/],
  [['up', '--name', 'Not_A_Name'], /'Not_A_Name' is invalid\. A cluster name has a-z, 0-9 and "-"/],
  [['up', '--name', 'x'.repeat(41)], /41 characters, and 40 are the most/],
  [['up', 'a', 'b'], /too many arguments/],
  [['up', 'two-site'], /no topology "two-site"; did you mean two-sites\?/],
  [['up', './none.yaml'], /none\.yaml cannot be read: there is no such file/],
  [['conformance', '--topology', 'broken.yaml'], /^edgeproof: the topology cannot be used, for 2 reasons\n  broken\.yaml:3:19: cloud\.workers is "many", not a whole number\n    cure: .+\n  broken\.yaml:7:1: unknown key "interSites"\n    cure: did you mean interSite\?/],
  [['control', '--topology', 'nowhere'], /no topology "nowhere"/],
  [['conformance', '--implementation', 'stock', '--tags', '@tunnel'], /selects only what stock does not claim; it claims lifecycle\n  next: /],
  [['conformance', '--tags', '@lifecycle-uninstall', '--repeat', '2'], /nothing can follow lifecycle-uninstall on a cluster, so it cannot be repeated there\n  next: /],
  [['images', 'export', '.'], /is a folder\n  next: name a file in it/],
  [['images', 'import', '.'], / is a folder\n  next: name a file that edgeproof images export made/],
  [['demo', '--cluster', 'nowhere'], /there is no cluster "nowhere"/],
  [['demo', '--record', '/nowhere/at/all.cast'], /--record: .*ENOENT.*\n  next: name a file in a folder that is there/],
  [['conformance', '--implementation', 'stok'], /no implementation "stok"; did you mean stock\?\n  next: choose one of .*stock/],
  [['conformance', '--tags', ''], /--tags says nothing\n  next: leave it out/],
  [['conformance', '--tags', '@tunnel and'], /--tags: .*Expected operand/],
  [['conformance', '--tags', '@tunel'], /selects no scenario: no scenario has @tunel; did you mean @tunnel\?/],
  [['fault', 'inject', 'wan-dwn', 'site', 'east'], /no fault "wan-dwn"; did you mean wan-down\?/],
  [['fault', 'inject', 'wan-latency', 'site', 'east', '--set', 'latencyMs=300', '--set', 'jiterMs=5'], /wan-latency has no parameter "jiterMs"; did you mean jitterMs\?/],
  [['fault', 'inject', 'wan-down', 'site', 'east', '--set', 'latencyMs=300'], /wan-down has no parameters/],
  [['fault', 'inject', 'wan-down', 'east'], /wan-down cannot be done to "east"/],
  [['fault', 'list'], /there is no cluster\n  next: boot one: edgeproof up/],
  [['status', 'dev'], /there is no cluster "dev", nor any other/],
  [['uninstall', 'dev'], /there is no cluster "dev", nor any other/],
  [['down'], /there is no cluster\n/],
  [['bench', 'tunnel', '--only', 'konectivity'], /Did you mean konnectivity\?/],
  [['bench', 'hub', '--only', 'memory'], /Choose from rest, latency, restart, load\n/],
  [['bench', 'hub', '--cluster', 'dev'], /there is no cluster "dev", nor any other/],
  [['bench', 'http', '--cluster', 'dev'], /there is no cluster "dev", nor any other/],
  [['bench', 'http', '--cluster', 'dev', '--only', 'ours'], /--only names contenders on the loopback, and --cluster reads through an API server\n  next: /],
  [['down', 'dev', '--all'], /"dev" and --all exclude each other/],
  [['report', 'no-such-run'], /no run/],
];
test('bad usage: a sentence, the next step, and exit 254', async () => {
  await writeFile(join(folder, 'broken.yaml'), 'name: mine\ndescription: a test\ncloud: { workers: many }\nsites:\n  - name: east\n    nodes: [{}]\ninterSites: deny\n');
  const answers = await Promise.all(mistakes.map(async ([args]) => await edgeproof(args)));
  for (const [index, { code, stdout, stderr }] of answers.entries()) {
    const [args, expected] = mistakes[index]!;
    assert.match(stderr, expected);
    assert.match(stderr, /^edgeproof: /, args.join(' '));
    assert.match(stderr, /\n  next: /, args.join(' '));
    assert.deepEqual([code, stdout], [254, ''], args.join(' '));
  }
});

test('fault list --kinds shows what can be done, to what, and the numbers that can be set, without a cluster', async () => {
  const { code, stdout } = await edgeproof(['fault', 'list', '--kinds']);
  assert.equal(code, 0);
  assert.match(stdout, /\nwan-latency +"site NAME"\n +--set latencyMs=300 +ms, 50 to 2000: /);
  const { kinds } = JSON.parse((await edgeproof(['fault', 'list', '--kinds', '--json'])).stdout) as { kinds: { kind: string; parameters: Record<string, { default: number; unit: string }> }[] };
  assert.deepEqual(kinds.find(({ kind }) => kind === 'wan-thin')!.parameters['kilobytesPerSecond'], { default: 64, unit: 'KB/s', least: 8, most: 128, what: 'of each connection, each way' });
});

test('doctor tells machines what it found, and whether there is anything to do', async () => {
  const { code, stdout } = await edgeproof(['doctor', '--json']);
  const { ready, checks } = JSON.parse(stdout) as { ready: boolean; checks: { id: string; status: string; found: string; next?: string }[] };
  assert.deepEqual(checks.map(({ id }) => id), ['system', 'node', 'cpus', 'memory', 'disk', 'cgroup', 'capabilities', 'bridge-nf-call-iptables', 'inotify', 'time', 'ports', 'docker', 'go', 'debootstrap', 'leftovers']);
  for (const { id, status, found, next } of checks) {
    assert.ok(['ok', 'edgeproof', 'you'].includes(status) && found !== '', id);
    assert.equal(next === undefined, status === 'ok', `${id}: only what is not there needs a next step`);
  }
  assert.equal(ready, checks.every(({ status }) => status !== 'you'));
  assert.equal(code, ready ? 0 : 1);
});

test('images list tells machines each image that a cluster is made of, with its state, also where none is there', async () => {
  const { code, stdout } = await edgeproof(['images', 'list', '--json']);
  const { engine, versions, images } = JSON.parse(stdout) as { engine: string | null; versions: Record<string, string>; images: { name: string; state: string; bytes?: number }[] };
  assert.equal(code, 0);
  assert.match(versions['kubernetes'] ?? '', /^v1\.37\./);
  const wanted = images.filter(({ state }) => state !== 'superseded');
  for (const name of ['cloud-node-reference:', 'edge-node-reference:']) assert.ok(wanted.some((image) => image.name.includes(name)), name);
  for (const { name, state, bytes } of images) {
    assert.ok((engine === null ? ['unknown'] : ['current', 'superseded', 'not built']).includes(state), `${name}: ${state}`);
    assert.equal(bytes !== undefined, state === 'current' || state === 'superseded', `${name}: only what is there has a size`);
  }
});

test('status of no cluster, and of one whose containers are gone', async () => {
  assert.deepEqual((JSON.parse((await edgeproof(['status', '--json'])).stdout) as { clusters: unknown[] }).clusters, []);
  const state: ClusterState = {
    name: 'never-booted',
    createdAt: '2026-11-23T02:00:00.000Z',
    topology: await loadTopology('one-edge'),
    implementation: 'stock',
    network: { name: 'edgeproof-never-booted', subnet: '172.31.0.0/24' },
    kubeconfig: join(folder, 'kubeconfig'),
    nodes: [{ name: 'never-booted-worker2', tier: 'edge', role: 'worker', site: 'east', address: '172.31.0.4' }],
    wans: [{ site: 'east', container: 'never-booted-wan-east', address: '172.31.0.5' }],
  };
  const home = join(folder, 'home', 'clusters', state.name);
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'cluster.json'), JSON.stringify(state));
  try {
    const { code, stdout } = await edgeproof(['status', '--json']);
    const { engine, clusters } = JSON.parse(stdout) as { engine: unknown; clusters: { name: string; running: boolean; nodes: { status: string }[]; links: { status: string }[]; faults: unknown[] }[] };
    const status = engine === null ? 'unknown' : 'gone';
    assert.equal(code, 0);
    assert.deepEqual(clusters.map(({ name, running, nodes, links, faults }) => [name, running, nodes[0]?.status, links[0]?.status, faults]), [[state.name, false, status, status, []]]);
    const text = (await edgeproof(['status', 'never-booted'])).stdout;
    assert.match(text, /Cluster never-booted: NOT WHOLE, topology one-edge, implementation stock/);
    assert.match(text, new RegExp(`never-booted-worker2  edge  east  ${status} +172\\.31\\.0\\.4`));
    const list = await edgeproof(['fault', 'list', '--json']);
    assert.deepEqual([list.code, JSON.parse(list.stdout)], [0, { faults: [] }]);
    assert.match((await edgeproof(['fault', 'heal', 'x'])).stderr, /cluster never-booted has had no fault "x"/);
    for (const verb of ['conformance', 'demo']) {
      const graded = await edgeproof([verb, '--cluster', 'never-booted']);
      assert.match(`${graded.code} ${graded.stderr}`, engine === null ? /^254 edgeproof: no Docker engine answers/ : /^254 edgeproof: cluster never-booted is not whole: never-booted-worker2, never-booted-wan-east do not run\n  next: /);
    }
    // As another version of edgeproof may have written it: no reason to tell nothing of this cluster and of all others.
    await writeFile(join(home, 'faults.json'), '[{"id":"a","kind":"flood","target":"site east","startedAt":"2026-11-23T02:00:00.000Z"}]');
    const unread = await edgeproof(['status']);
    assert.deepEqual([unread.code, /faults\.json is not a list of faults\n[^]*because: .*Invalid option[^]* at \[0\]\.kind/.exec(unread.stdout) !== null], [0, true], unread.stdout);
    assert.match((JSON.parse((await edgeproof(['status', '--json'])).stdout) as { clusters: { faultsProblem: string }[] }).clusters[0]!.faultsProblem, /is not a list of faults/);
    assert.match((await edgeproof(['status', 'neverbooted'])).stderr, /did you mean never-booted\?/);
    const kubeconfig = await edgeproof(['kubeconfig', '--content']);
    assert.deepEqual([kubeconfig.code, kubeconfig.stdout, /the kubeconfig of cluster never-booted cannot be read\n  next: /.test(kubeconfig.stderr)], [2, '', true], kubeconfig.stderr);
    // Of a folder that has been renamed since, or of another checkout.
    await writeFile(join(home, 'cluster.json'), JSON.stringify({ ...state, implementation: 'gone' }));
    assert.match((await edgeproof(['status'])).stdout, /Cluster never-booted: NOT WHOLE, topology one-edge, implementation gone \(there is no implementation gone\), since/);
  } finally {
    await rm(home, { recursive: true });
  }
});

test('a recording that is there is kept until there is something to record', async () => {
  const file = join(folder, 'old.cast');
  await writeFile(file, 'precious');
  assert.equal((await edgeproof(['demo', '--cluster', 'nowhere', '--record', file])).code, 254);
  assert.equal(await readFile(file, 'utf8'), 'precious');
});

test('a bug of edgeproof is a crash: exit 255, with the stack and where to report it', async () => {
  // Throws as soon as there is somebody who listens.
  const bug = "data:text/javascript,process.on('newListener',(name)=>name==='uncaughtException'%26%26setImmediate(()=>{throw(new(TypeError)('a-bug'))}))";
  const { code, stderr } = await edgeproof(['doctor'], { NODE_OPTIONS: `--import=${bug}` });
  assert.equal(code, 255);
  assert.match(stderr, /edgeproof crashed: TypeError: a-bug\n\s+at [^]*Please report it/);
});

test('what nobody awaited is a bug, also when it says that a promise is broken', async () => {
  const errors = pathToFileURL(join(repositoryRoot, 'core', 'errors.ts')).href;
  const stray = `data:text/javascript,import{PromiseBroken}from'${errors}';process.on('newListener',(name)=>name==='uncaughtException'%26%26setImmediate(()=>{Promise.reject(new(PromiseBroken)('STRAY','nobody-waited'))}))`;
  const { code, stderr } = await edgeproof(['doctor'], { NODE_OPTIONS: `--import=${stray}` });
  assert.deepEqual([code, /edgeproof crashed: .*nobody-waited/.test(stderr)], [255, true], stderr);
});

test('a full disk is no bug of edgeproof: exit 2, with what to do, also when nobody was there to catch it', async () => {
  const full = "data:text/javascript,process.on('newListener',(name)=>name==='uncaughtException'%26%26setImmediate(()=>{throw(Object.assign(new(Error)('ENOSPC:no-space'),{code:'ENOSPC'}))}))";
  const { code, stderr } = await edgeproof(['doctor'], { NODE_OPTIONS: `--import=${full}` });
  assert.match(stderr, /edgeproof: a disk is full\n {2}next: make room .*\n {2}because: ENOSPC:no-space/);
  assert.equal(code, 2);
});
