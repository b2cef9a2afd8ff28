import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { exitCodeOf, UsageError } from '../core/errors.ts';
import { repositoryRoot } from '../core/paths.ts';
import { loadTopology, parseTopology, topologyNames, TopologyError } from './load.ts';
import { nodeCount, topologySchema } from './schema.ts';

const good = `name: mine
description: a test
cloud: { workers: 1 }
sites:
  - name: east
    nodes: [{}]
`;

/** The errors of a text as "line:column message". */
function errorsOf(text: string): string[] {
  try {
    parseTopology(text, 'mine.yaml');
  } catch (error) {
    if (!(error instanceof TopologyError)) throw error;
    assert.equal(exitCodeOf(error), 254);
    for (const { line, column, message, cure } of error.problems) {
      assert.ok(cure.length > 0 && !cure.includes('undefined'), `no cure for ${message}`);
      assert.ok(error.message.includes(`mine.yaml:${line}:${column}: ${message}`));
    }
    return error.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
  return [];
}

test('the topologies that ship are good, and are called what their files are called', async () => {
  const names = await topologyNames();
  assert.deepEqual(names, ['many-cloud', 'many-sites', 'one-edge', 'small-ranges', 'two-sites']);
  for (const name of names) assert.equal((await loadTopology(name)).name, name);
  const { cloud, sites, interSite } = await loadTopology('two-sites');
  assert.deepEqual([cloud, sites.map((site) => [site.name, site.nodes.length]), interSite], [{ controlPlanes: 1, workers: 1 }, [['east', 2], ['west', 1]], 'deny']);
  const many = await loadTopology('many-cloud');
  assert.deepEqual([many.cloud.workers, many.sites.length, nodeCount(many)], [3, 1, 6]);
});

test('the example in docs/topologies.md is good, and its errors are what it shows', async () => {
  const page = await readFile(join(repositoryRoot, 'docs', 'topologies.md'), 'utf8');
  const example = /```yaml\n([^]*?)```/.exec(page)![1]!;
  assert.equal(nodeCount(parseTopology(example, 'mine.yaml')), 6);
  const sites = 'name: a\ndescription: b\ncloud: { workers: 1 }\n\nsites:\n  - name: east\n\n    wan: { latncyMs: 40 }\n    nodes:\n\n      - { deviceClass: gatway }\n';
  assert.throws(() => parseTopology(sites, 'mine.yaml'), (error: Error) => {
    const shown = /edgeproof: (the topology cannot[^]*?)\n\n/.exec(page)![1]!.replace(/^ {4}/gm, '');
    assert.equal(error.message, shown);
    return true;
  });
});

test('defaults are filled in', () => {
  assert.deepEqual(parseTopology(good, 'mine.yaml'), {
    name: 'mine',
    description: 'a test',
    cloud: { controlPlanes: 1, workers: 1 },
    sites: [{ name: 'east', nodes: [{ deviceClass: 'device', architecture: 'amd64', labels: {} }], wan: { latencyMs: 0, jitterMs: 0 } }],
    interSite: 'deny',
    overlay: { backend: 'vxlan', podSubnet: '10.244.0.0/16', serviceSubnet: '10.96.0.0/16', nodeCidrMask: 24 },
  });
});

test('an unknown name is answered with the list and the nearest', async () => {
  await assert.rejects(loadTopology('two-site'), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /no topology "two-site"; did you mean two-sites\?/);
    assert.match(error.next!, /many-cloud, many-sites, one-edge, small-ranges or two-sites/);
    return true;
  });
  await assert.rejects(loadTopology('../../etc/passwd.d'), /cannot be read: there is no such file/);
  await assert.rejects(loadTopology('constructor'), /no topology "constructor"/);
});

test('a path is read from the given directory, and named as the user would', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'edgeproof-'));
  try {
    await writeFile(join(dir, 'mine.yaml'), good);
    assert.equal((await loadTopology('./mine.yaml', dir)).name, 'mine');
    assert.equal((await loadTopology('mine.yaml', dir)).name, 'mine');
    await writeFile(join(dir, 'bad.yaml'), good.replace('workers: 1', 'workers: many'));
    await assert.rejects(loadTopology('./bad.yaml', dir), /bad\.yaml:3:19: cloud\.workers is "many", not a whole number/);
    await assert.rejects(loadTopology('./none.yaml', dir), /cannot be read: there is no such file/);
    await assert.rejects(loadTopology('./', dir), /it is not a file/);
    await writeFile(join(dir, 'huge.yaml'), '#'.repeat(300_000));
    await assert.rejects(loadTopology('./huge.yaml', dir), /300000 bytes/);
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('all errors of a file are told at once, in its order', () => {
  assert.deepEqual(errorsOf(`name: My_Name
description: x
cloud:
  controlPlanes: 3
sites:
  - name: east
    wan: { latncyMs: 10, jitterMs: 20000 }
    nodes:
      - { deviceClass: gatway, labels: { rack: 3, kubernetes.io/x: a, "a b": c } }
  - name: east
    nodes: []
overlay: { podSubnet: 10.96.0.0/12, serviceSubnet: 10.96.0.0/16 }
flavour: 1
`), [
    '1:7 name "My_Name" is not a name that Kubernetes and Docker take',
    '3:1 cloud.workers is missing',
    "4:18 cloud.controlPlanes is 3, but a cluster has exactly 1 for now: more need kind's load-balancer image, which cannot be built from packages",
    '7:12 unknown key "latncyMs" in sites[0].wan',
    '7:36 sites[0].wan.jitterMs is the number 20000, more than 10000',
    '9:24 sites[0].nodes[0].deviceClass is "gatway", which edgeproof does not know',
    '9:48 sites[0].nodes[0].labels.rack is the number 3, not a text',
    '9:68 label "kubernetes.io/x" is in kubernetes.io, which is not yours to set',
    '9:71 sites[0].nodes[0].labels.a b: "a b" is not a label key that Kubernetes takes',
    '10:11 site "east" is there twice (sites[0] has that name too)',
    '11:12 sites[1].nodes is empty: a site has one node or more',
    '12:52 podSubnet and serviceSubnet overlap: an address would be a Pod and a Service at once',
    '13:1 unknown key "flavour"',
  ]);
});

const overlay = (text: string): string => `${good}overlay: { ${text} }\n`;
const single: Record<string, [string, string]> = {
  'nothing': ['', '1:1 the file is empty'],
  'only a comment': ['# later\n', '1:1 the file is empty'],
  'a list': ['- name: x\n', '1:1 the file is a list, not a map'],
  'a text': ['two-sites', '1:1 the file is "two-sites", not a map'],
  'a tab as indentation': [good.replace('    nodes', '\tnodes'), '6:1 this is not YAML that can be read: Tabs are not allowed as indentation'],
  'the same key twice': [`${good}name: again\n`, '7:1 this key is there twice in the same map'],
  'two documents': [`${good}---\nname: b\n`, '7:1 there is more than one YAML document in the file'],
  'an unknown alias': [good.replace('[{}]', '*nodes'), "1:1 the file's aliases cannot be resolved: Unresolved alias (the anchor must be set before the alias): nodes"],
  'an empty value': [good.replace('{ workers: 1 }', ''), '3:8 cloud is empty, not a map'],
  'a fraction': [good.replace('workers: 1', 'workers: 1.5'), '3:19 cloud.workers is the number 1.5, not a whole number'],
  'no sites': [good.replace(/sites:[^]*/, 'sites: []\n'), '4:8 sites is empty: without an edge there is nothing to prove'],
  'no sites at all': [good.replace(/sites:[^]*/, ''), '1:1 sites is missing'],
  'a name too long': [good.replace('mine', 'm'.repeat(33)), `1:7 name "${'m'.repeat(33)}" is 33 characters long, and 32 are the most`],
  'a site name too long': [good.replace('east', 'e'.repeat(21)), `5:11 sites[0].name "${'e'.repeat(21)}" is 21 characters long, and 20 are the most`],
  'too many nodes': [good.replace('workers: 1', 'workers: 29'), "1:1 31 nodes (control plane, cloud workers and the sites' nodes), and 30 are the most that one host boots"],
  'a network with host bits': [overlay('podSubnet: 10.244.0.1/16'), '7:23 "10.244.0.1/16" is an address within a network, not the network itself, which is 10.244.0.0/16'],
  'no network': [overlay('serviceSubnet: 10.96.0.0'), '7:27 "10.96.0.0" is not an IPv4 network such as 10.244.0.0/16'],
  'a network out of range': [overlay('serviceSubnet: 10.300.0.0/16'), '7:27 "10.300.0.0/16" is not an IPv4 network: a part is out of range'],
  'a Service network too large': [overlay('serviceSubnet: 128.0.0.0/1'), '7:27 a /1 cannot be a Service network'],
  'a node mask that does not divide': [overlay('podSubnet: 10.60.0.0/24'), '7:23 nodeCidrMask 24 does not divide a podSubnet of /24'],
  'a node mask too far from the subnet': [overlay('podSubnet: 32.0.0.0/3, nodeCidrMask: 24'), '7:49 nodeCidrMask 24 does not divide a podSubnet of /3'],
  'too few node networks': [overlay('podSubnet: 10.60.0.0/23'), '7:23 a podSubnet of /23 has 2 parts of /24, and there are 3 nodes'],
  'more jitter than latency': [`${good}    wan: { latencyMs: 5, jitterMs: 6 }\n`, '7:36 jitterMs 6 is more than latencyMs 5: some packets would need to arrive before they were sent'],
  'a label of ours': [good.replace('{}', '{ labels: { edgeproof.dev/tier: cloud } }'), '6:45 label "edgeproof.dev/tier" is in edgeproof.dev, which is not yours to set'],
  'what a shared anchor holds': [good.replace('[{}]', '[&n { color: red }]'), '6:18 unknown key "color" in sites[0].nodes[0]'],
};
for (const [what, [text, expected]] of Object.entries(single)) {
  test(`told with its place: ${what}`, () => assert.deepEqual(errorsOf(text), [expected]));
}

test('a syntax error is placed within the file, where yaml itself counts lines wrong', () => {
  const [first] = errorsOf(good.replace('  - name', ']  - name'));
  assert.match(first!, /^5:1 this is not YAML/);
});

test('the nearest key is offered', () => {
  assert.throws(() => parseTopology(good.replace('nodes', 'node'), 'm.yaml'), /unknown key "node" in sites\[0\]\n\s+cure: did you mean nodes\?/);
});

test('whatever the text: a topology that the schema takes, or errors that point into the file', () => {
  const keys = fc.constantFrom('name', 'description', 'cloud', 'controlPlanes', 'workers', 'sites', 'nodes', 'wan', 'latencyMs', 'jitterMs', 'labels', 'overlay', 'podSubnet', 'serviceSubnet', 'nodeCidrMask', 'interSite', '__proto__');
  const leaf = fc.oneof(fc.integer({ min: -2, max: 40 }), fc.double(), fc.boolean(), fc.constant(null), fc.string({ maxLength: 8 }), fc.constantFrom('10.0.0.0/8', '10.0.0.0/33', 'deny', '&a', '*a', '}', '- ', '\t'));
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof({ maxDepth: 5 }, leaf, fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(keys, tie('value'), { maxKeys: 5 })),
  }));
  // Whole values, a good file with one part of it replaced, and a good file with some characters changed.
  const texts = fc.oneof(
    value.map((any) => stringify(any)),
    fc.tuple(fc.constantFrom('mine', '{ workers: 1 }', '[{}]', 'east', 'a test'), leaf.map(String)).map(([part, other]) => good.replace(part, () => other)),
    fc.tuple(fc.nat(good.length), fc.nat(6), fc.string({ maxLength: 6 })).map(([at, drop, put]) => good.slice(0, at) + put + good.slice(at + drop)),
    fc.string(),
  );
  fc.assert(fc.property(texts, (text) => {
    const lines = text.split('\n');
    try {
      const topology = parseTopology(text, 'any.yaml');
      assert.deepEqual(topologySchema.parse(topology), topology);
    } catch (error) {
      if (!(error instanceof TopologyError)) throw error;
      assert.ok(error.problems.length > 0);
      for (const { line, column } of error.problems) assert.ok(line >= 1 && line <= lines.length && column >= 1 && column <= lines[line - 1]!.length + 1, `${line}:${column} is not in the file`);
    }
  }), { numRuns: 500 });
});
