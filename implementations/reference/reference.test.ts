import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { loadTopology } from '../../topologies/load.ts';
import type { ClusterState } from '../../harness/cluster/state.ts';
import { agentManifests } from './agent-manifests.ts';
import { makeCertificates, readPair } from './certificates.ts';
import { egressPatches } from './egress.ts';
import { dnsManifests } from './hub/dns-manifests.ts';
import { connectAddress, serviceAddress } from './names.ts';
import { flagsOf } from './pod-parts.ts';
import { serverManifests, serverReplicas } from './server-manifests.ts';

interface PodTemplate {
  spec: { template: { spec: { hostNetwork?: boolean; automountServiceAccountToken?: boolean; containers: { args: string[]; securityContext: { capabilities: { drop: string[] }; readOnlyRootFilesystem: boolean; allowPrivilegeEscalation: boolean; privileged?: boolean } }[] } } };
}

const topology = await loadTopology('two-sites');
const pair = { certPem: 'CERT', keyPem: 'KEY' };
const cluster = { nodes: [
  { name: 'c', tier: 'cloud', role: 'control-plane', address: '172.30.0.2' },
  { name: 'c-worker', tier: 'cloud', role: 'worker', address: '172.30.0.3' },
] } as unknown as ClusterState;

async function folder(): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'edgeproof-reference-'));
  return { path, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }) };
}

test('addresses of Services are counted from the start of their range', () => {
  assert.equal(serviceAddress('10.96.0.0/16', 1), '10.96.0.1');
  assert.equal(serviceAddress('10.96.255.0/24', 14), '10.96.255.14');
});

test('the certificates are for their ends only, and only their owner reads the files', async () => {
  await using own = await folder();
  await makeCertificates(own.path, topology.overlay.serviceSubnet);
  for (const name of await readdir(join(own.path, 'pki'))) assert.equal((await stat(join(own.path, 'pki', name))).mode & 0o777, 0o600, name);
  const [ca, server, apiserver] = await Promise.all([readPair(own.path, 'ca'), readPair(own.path, 'server'), readPair(own.path, 'apiserver')]);
  const authority = new X509Certificate(ca.certPem);
  for (const { certPem } of [server, apiserver]) assert.ok(new X509Certificate(certPem).verify(authority.publicKey));
  assert.equal(new X509Certificate(server.certPem).checkIP(connectAddress(topology.overlay.serviceSubnet)), connectAddress(topology.overlay.serviceSubnet));
  assert.deepEqual(new X509Certificate(apiserver.certPem).keyUsage, ['1.3.6.1.5.5.7.3.2'], 'a client of TLS, and no server');
});

test('the API server is told to go through the tunnel, by mTLS, and to verify kubelets', async () => {
  await using own = await folder();
  await makeCertificates(own.path, topology.overlay.serviceSubnet);
  const { kubeadm = [], controlPlaneMounts = [] } = await egressPatches(own.path, topology);
  const configuration = parse(kubeadm[0]!) as { apiServer: { extraArgs: { name: string; value: string }[] } };
  const args = Object.fromEntries(configuration.apiServer.extraArgs.map(({ name, value }) => [name, value]));
  assert.match(args['egress-selector-config-file']!, /egress\.yaml$/);
  assert.equal(args['kubelet-certificate-authority'], '/etc/kubernetes/pki/ca.crt');
  assert.match(args['kubelet-preferred-address-types']!, /^Hostname,/);
  assert.equal(controlPlaneMounts[0]?.readOnly, true);
});

test('what runs has no capability, no way to gain one, and a file system that it cannot write', () => {
  const workloads = [...serverManifests(topology, { ca: pair, server: pair, agents: pair }), ...agentManifests(cluster, 'CERT')].filter(({ kind }) => kind === 'Deployment' || kind === 'DaemonSet') as unknown as PodTemplate[];
  assert.equal(workloads.length, 2);
  for (const { spec } of workloads) {
    for (const { securityContext } of spec.template.spec.containers) {
      assert.deepEqual(securityContext.capabilities, { drop: ['ALL'] });
      assert.equal(securityContext.readOnlyRootFilesystem, true);
      assert.equal(securityContext.allowPrivilegeEscalation, false);
      assert.equal(securityContext.privileged, undefined);
    }
  }
});

test('the server may list and watch nodes and, in its own namespace, endpoints: nothing else', () => {
  const roles = serverManifests(topology, { ca: pair, server: pair, agents: pair }).filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
  const rights = roles.flatMap(({ kind, rules }) => (rules as { resources: string[]; verbs: string[] }[]).map(({ resources, verbs }) => [kind, ...resources, ...verbs].join(' ')));
  assert.deepEqual(rights, ['ClusterRole nodes list watch', 'Role endpointslices list watch']);
});

test('an agent dials a cloud worker, with no token of the API', () => {
  const { template } = (agentManifests(cluster, 'CERT').find(({ kind }) => kind === 'DaemonSet') as unknown as PodTemplate).spec;
  assert.equal(template.spec.automountServiceAccountToken, false);
  assert.ok(template.spec.containers[0]!.args.includes('--server=172.30.0.3:30132'));
});

test('there are two servers at the least, and three where there are nodes for them', () => {
  const replicas = (workers: number): number => serverReplicas({ cloud: { controlPlanes: 1, workers } });
  assert.deepEqual([0, 1, 2, 3, 4].map(replicas), [2, 2, 2, 3, 3]);
});

test('flags are written as the programs read them', () => assert.deepEqual(flagsOf({ nodeCa: '/x', drainMs: 5 }), ['--node-ca=/x', '--drain-ms=5']));

test('a node without a hub gets no DNS of its own, and all others one', () => {
  const affinityOf = (options?: Parameters<typeof dnsManifests>[0]): unknown => {
    const set = dnsManifests(options).find(({ kind }) => kind === 'DaemonSet') as unknown as { spec: { template: { spec: { affinity?: unknown } } } };
    return set.spec.template.spec.affinity;
  };
  assert.equal(affinityOf(), undefined);
  assert.deepEqual(affinityOf({ notOn: ['edge-2'] }), { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['edge-2'] }] }] } } });
});
