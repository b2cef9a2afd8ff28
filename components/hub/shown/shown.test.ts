import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Shown } from './objects.ts';
import { rewriteFor } from './shown.ts';

const shown: Shown = { node: 'edge-1', authority: '-----BEGIN CERTIFICATE-----\nhub\n-----END CERTIFICATE-----\n', address: '169.254.77.1', port: 6445 };
const kubelet = 'system:node:edge-1';
const kubeProxy = 'system:serviceaccount:kube-system:kube-proxy';
const configMaps = { apiGroup: '', resource: 'configmaps', subresource: '' };
const slices = { apiGroup: 'discovery.k8s.io', resource: 'endpointslices', subresource: '' };
const as = (identity: string, asked: typeof configMaps, object: object): unknown => {
  const json = JSON.stringify(object);
  return JSON.parse(rewriteFor(asked, identity, shown)?.(json) ?? json);
};

test('every namespace\'s authorities have the hub\'s behind them, once', () => {
  const map = { metadata: { name: 'kube-root-ca.crt', namespace: 'any' }, data: { 'ca.crt': 'CLUSTER\n', other: 'x' } };
  const seen = as(kubelet, configMaps, map) as typeof map;
  assert.equal(seen.data['ca.crt'], `CLUSTER\n${shown.authority}`);
  assert.equal(seen.data.other, 'x');
  assert.deepEqual(as(kubelet, configMaps, seen), seen);
});

test('kube-proxy\'s kubeconfig names the hub', () => {
  const text = 'apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt\n    server: https://dev-control-plane:6443\n  name: default\n';
  const seen = as(kubelet, configMaps, { metadata: { name: 'kube-proxy', namespace: 'kube-system' }, data: { 'kubeconfig.conf': text, 'config.conf': 'x' } }) as { data: Record<string, string> };
  assert.equal(seen.data['kubeconfig.conf'], text.replace('https://dev-control-plane:6443', 'https://169.254.77.1:6445'));
  const another = { metadata: { name: 'kube-proxy', namespace: 'mine' }, data: { 'kubeconfig.conf': text } };
  assert.deepEqual(as(kubelet, configMaps, another), another);
});

test('the API server\'s endpoint is the hub, for kube-proxy and the kubelet', () => {
  const slice = { metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } }, addressType: 'IPv4', endpoints: [{ addresses: ['172.18.0.2'] }], ports: [{ name: 'https', port: 6443, protocol: 'TCP' }] };
  for (const identity of [kubelet, kubeProxy]) {
    const seen = as(identity, slices, slice) as typeof slice;
    assert.deepEqual([seen.endpoints.map(({ addresses }) => addresses), seen.ports], [[['169.254.77.1']], [{ name: 'https', port: 6445, protocol: 'TCP' }]]);
  }
  const other = { ...slice, metadata: { ...slice.metadata, namespace: 'mine' } };
  assert.deepEqual(as(kubeProxy, slices, other), other);
});

test('the DNS of the cluster is the node\'s own where it has one, also while the cloud has none', () => {
  const slice = { metadata: { name: 'kube-dns-abc', namespace: 'kube-system', labels: { 'kubernetes.io/service-name': 'kube-dns' } }, addressType: 'IPv4', endpoints: [] as { addresses: string[] }[], ports: [{ name: 'metrics', port: 9153, protocol: 'TCP' }] };
  assert.deepEqual(as(kubeProxy, slices, slice), slice);
  const own = { ...shown, dns: { address: '169.254.77.1', port: 53 } };
  const seen = (of: object): typeof slice => JSON.parse(rewriteFor(slices, kubeProxy, own)!(JSON.stringify(of))) as typeof slice;
  assert.deepEqual(seen(slice).endpoints.map(({ addresses }) => addresses), [['169.254.77.1']]);
  assert.deepEqual(seen(slice).ports, [{ name: 'dns', port: 53, protocol: 'UDP' }, { name: 'dns-tcp', port: 53, protocol: 'TCP' }]);
  const another = { ...slice, metadata: { ...slice.metadata, labels: { 'kubernetes.io/service-name': 'mine' } } };
  assert.deepEqual(seen(another), another);
});

test('everybody else sees what there is, and what is not rewritten keeps its bytes', () => {
  for (const [identity, asked] of [['system:serviceaccount:default:app', configMaps], ['system:serviceaccount:default:app', slices], [kubeProxy, configMaps], ['system:node:edge-2', configMaps], [kubelet, { ...configMaps, resource: 'pods' }], [kubelet, { ...configMaps, apiGroup: 'apps' }]] as const) {
    assert.equal(rewriteFor(asked, identity, shown), undefined);
  }
  assert.equal(rewriteFor({ ...configMaps, subresource: 'status' }, kubelet, shown), undefined);
  const odd = '{"metadata" : {"name":"mine"},  "data":{"n":"12345678901234567890"}}';
  assert.equal(rewriteFor(configMaps, kubelet, shown)?.(odd), odd);
});
