import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { loadTopology } from '../../topologies/load.ts';
import { topologySchema } from '../../topologies/schema.ts';
import { kindConfig } from './kind-config.ts';
import { planNodes } from './plan-nodes.ts';

const images = { cloud: 'node:cloud', edge: 'node:edge' };

interface KindNode {
  role: string;
  image: string;
  labels: Record<string, string>;
  kubeadmConfigPatches?: string[];
  extraMounts?: unknown[];
}
interface KindYaml {
  networking: unknown;
  kubeadmConfigPatches: string[];
  nodes: KindNode[];
}
const read = (text: string): KindYaml => parse(text) as KindYaml;

/** kind's own rule (MakeNodeNamer of v0.33): a counter for each role, and no number for its first. */
function kindNames(cluster: string, roles: string[]): string[] {
  const counter = new Map<string, number>();
  return roles.map((role) => {
    const count = (counter.get(role) ?? 0) + 1;
    counter.set(role, count);
    return `${cluster}-${role}${count > 1 ? count : ''}`;
  });
}

test('plans the nodes: the cloud first, then the sites in the order of the file', async () => {
  const planned = planNodes('dev', await loadTopology('two-sites'));
  assert.deepEqual(planned.map(({ name, tier, role, site }) => [name, tier, role, site]), [
    ['dev-control-plane', 'cloud', 'control-plane', undefined],
    ['dev-worker', 'cloud', 'worker', undefined],
    ['dev-worker2', 'edge', 'worker', 'east'],
    ['dev-worker3', 'edge', 'worker', 'east'],
    ['dev-worker4', 'edge', 'worker', 'west'],
  ]);
  assert.deepEqual(planned[3]!.labels, {
    'edgeproof.dev/tier': 'edge',
    'edgeproof.dev/site': 'east',
    'edgeproof.dev/device-class': 'device',
    'edgeproof.dev/architecture': 'arm64',
  });
  assert.deepEqual(planned[1]!.labels, { 'edgeproof.dev/tier': 'cloud' });
});

test("names are the ones that kind gives, also beyond nine workers and without cloud workers", () => {
  for (const [workers, edges] of [[0, 1], [3, 9], [12, 3]] as const) {
    const topology = topologySchema.parse({
      name: 't',
      description: 'a test',
      cloud: { workers },
      sites: [{ name: 'east', nodes: Array.from({ length: edges }, () => ({})) }],
    });
    const roles = read(kindConfig(topology, { images })).nodes.map((node) => node.role);
    assert.deepEqual(planNodes('dev', topology).map((node) => node.name), kindNames('dev', roles));
  }
});

test("the config has each node's image, labels and, on the edge, the taint at registration", async () => {
  const topology = await loadTopology('two-sites');
  const config = read(kindConfig(topology, { images }));
  assert.deepEqual(config.nodes.map((node) => [node.role, node.image]), [
    ['control-plane', 'node:cloud'],
    ['worker', 'node:cloud'],
    ['worker', 'node:edge'],
    ['worker', 'node:edge'],
    ['worker', 'node:edge'],
  ]);
  assert.deepEqual(config.nodes.map((node) => node.labels), planNodes('dev', topology).map((node) => node.labels));
  for (const node of config.nodes) {
    const patches = (node.kubeadmConfigPatches ?? []).map((text) => parse(text) as unknown);
    assert.deepEqual(patches, node.image === 'node:cloud' ? [] : [{
      kind: 'JoinConfiguration',
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      nodeRegistration: { taints: [{ key: 'edgeproof.dev/edge', effect: 'NoSchedule' }] },
    }]);
  }
});

test('a label that YAML 1.1 reads as a boolean is quoted, for kind reads YAML 1.1', () => {
  const topology = topologySchema.parse({
    name: 't',
    description: 'a test',
    cloud: { workers: 0 },
    sites: [{ name: 'on', nodes: [{ labels: { 'example.com/gpu': 'yes', port: '010' } }] }],
  });
  const text = kindConfig(topology, { images });
  assert.match(text, /edgeproof\.dev\/site: "on"/);
  assert.match(text, /example\.com\/gpu: "yes"/);
  assert.match(text, /port: "010"/);
  assert.doesNotMatch(text, /[&*]a1/);
});

test("the cluster's networks and kubeadm patches come from the topology", async () => {
  const base = await loadTopology('one-edge');
  const topology = { ...base, overlay: { ...base.overlay, podSubnet: '10.60.0.0/20', serviceSubnet: '10.70.0.0/20', nodeCidrMask: 26 } };
  const config = read(kindConfig(topology, { images }));
  assert.deepEqual(config.networking, {
    ipFamily: 'ipv4',
    disableDefaultCNI: true,
    kubeProxyMode: 'iptables',
    podSubnet: '10.60.0.0/20',
    serviceSubnet: '10.70.0.0/20',
  });
  assert.deepEqual(config.kubeadmConfigPatches.map((text) => parse(text) as unknown), [
    { kind: 'ClusterConfiguration', apiVersion: 'kubeadm.k8s.io/v1beta4', controllerManager: { extraArgs: [{ name: 'node-cidr-mask-size', value: '26' }, { name: 'node-monitor-grace-period', value: '20s' }, { name: 'node-eviction-rate', value: '2' }] }, encryptionAlgorithm: 'ECDSA-P256' },
    { kind: 'KubeletConfiguration', apiVersion: 'kubelet.config.k8s.io/v1beta1', failCgroupV1: false, nodeLeaseDurationSeconds: 20 },
  ]);
});

test('an implementation adds patches and mounts where it means them', async () => {
  const patch = 'kind: ClusterConfiguration\napiServer:\n  extraArgs:\n    - { name: egress-selector-config-file, value: /etc/edge/egress.yaml }\n';
  const mount = { hostPath: '/tmp/egress', containerPath: '/etc/edge', readOnly: true };
  const hub = { hostPath: '/tmp/hub', containerPath: '/etc/hub' };
  const config = read(kindConfig(await loadTopology('one-edge'), {
    images,
    patches: { kubeadm: [patch], controlPlaneMounts: [mount], workers: { edge: { kubeadm: ['kind: JoinConfiguration\n'], mounts: [hub] } } },
  }));
  assert.equal(config.kubeadmConfigPatches.at(-1), patch);
  assert.deepEqual(config.nodes.map((node) => node.extraMounts), [[mount], undefined, [hub]]);
  assert.deepEqual(config.nodes.map((node) => node.kubeadmConfigPatches?.length ?? 0), [0, 0, 2]);
});

test('each control plane is given the patches of what kubeadm makes, whether it is made by init or joins; a worker is not', async () => {
  const own = { hostPath: '/host/patches', containerPath: '/kind/patches', readOnly: true };
  const { nodes } = read(kindConfig(await loadTopology('two-sites'), { images, kubeadmPatches: own }));
  for (const { role, kubeadmConfigPatches = [], extraMounts = [] } of nodes) {
    const named = kubeadmConfigPatches.map((text) => parse(text) as { kind: string; patches?: { directory: string } }).filter(({ patches }) => patches?.directory === own.containerPath);
    assert.deepEqual(named.map(({ kind }) => kind), role === 'control-plane' ? ['InitConfiguration', 'JoinConfiguration'] : []);
    assert.deepEqual(extraMounts, role === 'control-plane' ? [own] : []);
  }
});
