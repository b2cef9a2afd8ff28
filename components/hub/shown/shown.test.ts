import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonCodec, protobufCodec, type WireObject } from '../wire/index.ts';
import { bytesField, bytesOf, fieldsOf, numberField, textField } from '../wire/protobuf/fields.ts';
import type { Shown } from './objects.ts';
import { rewriteFor } from './shown.ts';

interface Meta {
  name: string;
  namespace: string;
  labels?: Record<string, string>;
}

interface ConfigMap {
  metadata: Meta;
  data: Record<string, string>;
}

interface Slice {
  metadata: Meta;
  addressType: string;
  endpoints: { addresses: string[]; conditions?: Record<string, boolean>; nodeName?: string }[];
  ports: { name: string; port: number; protocol: string }[];
}

const shown: Shown = { node: 'edge-1', authority: '-----BEGIN CERTIFICATE-----\nhub\n-----END CERTIFICATE-----\n', address: '169.254.77.1', port: 6445 };
const kubelet = 'system:node:edge-1';
const kubeProxy = 'system:serviceaccount:kube-system:kube-proxy';
const configMaps = { apiGroup: '', resource: 'configmaps', subresource: '' };
const slices = { apiGroup: 'discovery.k8s.io', resource: 'endpointslices', subresource: '' };

const entries = (field: number, map: Record<string, string> = {}): Buffer[] => Object.entries(map).map(([key, value]) => bytesField(field, Buffer.concat([textField(1, key), textField(2, value)])));
const metaMessage = ({ name, namespace, labels }: Meta): Buffer => bytesField(1, Buffer.concat([textField(1, name), textField(3, namespace), ...entries(11, labels)]));
/** As generated.proto has it; what these tests do not look at (immutable, an endpoint's zone, a port's appProtocol) is there too. */
const mapMessage = ({ metadata, data }: ConfigMap): Buffer => Buffer.concat([metaMessage(metadata), ...entries(2, data), numberField(4, 1)]);
const sliceMessage = ({ metadata, addressType, endpoints, ports }: Slice): Buffer => Buffer.concat([
  metaMessage(metadata),
  ...endpoints.map(({ addresses }) => bytesField(2, Buffer.concat([...addresses.map((address) => textField(1, address)), textField(7, 'zone')]))),
  ...ports.map(({ name, protocol, port }) => bytesField(3, Buffer.concat([textField(1, name), textField(2, protocol), numberField(3, port), textField(4, '')]))),
  textField(4, addressType),
]);

const contents = (message: Buffer, wanted: number): Buffer[] => [...fieldsOf(message)].flatMap(({ field, bytes }) => (field === wanted && bytes !== undefined ? [bytes] : []));
const texts = (message: Buffer, wanted: number): string[] => contents(message, wanted).map(String);
const numbers = (message: Buffer): Record<number, number> => Object.fromEntries([...fieldsOf(message)].flatMap(({ field, bytes, value }) => (bytes === undefined ? [[field, value]] : [])));
const mapOf = (message: Buffer): Record<string, string> => Object.fromEntries(contents(message, 2).map((entry) => [String(bytesOf(entry, 1)), String(bytesOf(entry, 2))]));
function sliceOf(message: Buffer): Omit<Slice, 'metadata'> {
  return {
    addressType: texts(message, 4).at(-1) ?? '',
    endpoints: contents(message, 2).map((endpoint) => {
      const { 1: ready, 2: serving, 3: terminating } = numbers(bytesOf(endpoint, 2) ?? Buffer.alloc(0));
      return { addresses: texts(endpoint, 1), conditions: { ready: ready === 1, serving: serving === 1, terminating: terminating === 1 }, nodeName: String(bytesOf(endpoint, 6)) };
    }),
    ports: contents(message, 3).map((port) => ({ name: String(bytesOf(port, 1)), port: numbers(port)[3] ?? 0, protocol: String(bytesOf(port, 2)) })),
  };
}

const encodings = [
  { codec: jsonCodec, map: (map: ConfigMap) => Buffer.from(JSON.stringify(map)), slice: (slice: Slice) => Buffer.from(JSON.stringify(slice)), readMap: (raw: Buffer) => (JSON.parse(raw.toString()) as ConfigMap).data, readSlice: (raw: Buffer) => JSON.parse(raw.toString()) as Slice },
  { codec: protobufCodec, map: mapMessage, slice: sliceMessage, readMap: mapOf, readSlice: sliceOf },
];
const object = ({ name, namespace }: Meta, raw: Buffer): WireObject => ({ name, namespace, uid: 'u', resourceVersion: '1', raw });

for (const { codec, map, slice, readMap, readSlice } of encodings) {
  const seenMap = (identity: string, one: ConfigMap): { before: Buffer; after: Buffer } => {
    const before = map(one);
    return { before, after: rewriteFor(configMaps, identity, shown)!(object(one.metadata, before), codec) };
  };
  const seenSlice = (identity: string, one: Slice, as = shown): { before: Buffer; after: Buffer } => {
    const before = slice(one);
    return { before, after: rewriteFor(slices, identity, as)!(object(one.metadata, before), codec) };
  };

  test(`${codec.contentType}: every namespace's authorities have the hub's behind them, once`, () => {
    const one = { metadata: { name: 'kube-root-ca.crt', namespace: 'any' }, data: { 'ca.crt': 'CLUSTER\n', other: 'x' } };
    const { after } = seenMap(kubelet, one);
    assert.deepEqual(readMap(after), { 'ca.crt': `CLUSTER\n${shown.authority}`, other: 'x' });
    assert.equal(rewriteFor(configMaps, kubelet, shown)!(object(one.metadata, after), codec), after);
    const without = seenMap(kubelet, { ...one, data: { other: 'x' } });
    assert.equal(without.after, without.before);
  });

  test(`${codec.contentType}: kube-proxy's kubeconfig names the hub`, () => {
    const text = 'apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt\n    server: https://dev-control-plane:6443\n  name: default\n';
    const metadata = { name: 'kube-proxy', namespace: 'kube-system' };
    assert.deepEqual(readMap(seenMap(kubelet, { metadata, data: { 'kubeconfig.conf': text, 'config.conf': 'x' } }).after), { 'kubeconfig.conf': text.replace('https://dev-control-plane:6443', 'https://169.254.77.1:6445'), 'config.conf': 'x' });
    for (const same of [{ metadata, data: { 'kubeconfig.conf': 'server:\n  name: default\n' } }, { metadata: { ...metadata, namespace: 'mine' }, data: { 'kubeconfig.conf': text } }]) {
      const { before, after } = seenMap(kubelet, same);
      assert.equal(after, before);
    }
  });

  test(`${codec.contentType}: the API server's endpoint is the hub, for kube-proxy and the kubelet`, () => {
    const one = { metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } }, addressType: 'IPv6', endpoints: [{ addresses: ['fd00::2'] }, { addresses: ['fd00::3'] }], ports: [{ name: 'https', port: 6443, protocol: 'TCP' }] };
    for (const identity of [kubelet, kubeProxy]) {
      const { endpoints, ports, addressType } = readSlice(seenSlice(identity, one).after);
      assert.deepEqual([endpoints, ports, addressType], [[{ addresses: ['169.254.77.1'], conditions: { ready: true, serving: true, terminating: false }, nodeName: 'edge-1' }], [{ name: 'https', port: 6445, protocol: 'TCP' }], 'IPv4']);
    }
    const { before, after } = seenSlice(kubeProxy, { ...one, metadata: { ...one.metadata, namespace: 'mine' } });
    assert.equal(after, before);
  });

  test(`${codec.contentType}: a slice keeps what it is besides its endpoints`, () => {
    const one = { metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes', more: 'x' } }, addressType: 'IPv4', endpoints: [{ addresses: ['172.18.0.2'] }], ports: [] };
    const head = codec.readObject(codec.writeObject({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' }, seenSlice(kubeProxy, one).after)).object;
    assert.deepEqual([head.name, head.namespace], ['kubernetes', 'default']);
    assert.ok(seenSlice(kubeProxy, one).after.includes('more'));
  });

  test(`${codec.contentType}: the DNS of the cluster is the node's own where it has one, also while the cloud has none`, () => {
    const one: Slice = { metadata: { name: 'kube-dns-abc', namespace: 'kube-system', labels: { 'kubernetes.io/service-name': 'kube-dns' } }, addressType: 'IPv4', endpoints: [], ports: [{ name: 'metrics', port: 9153, protocol: 'TCP' }] };
    const none = seenSlice(kubeProxy, one);
    assert.equal(none.after, none.before);
    const own = { ...shown, dns: { address: '169.254.77.1', port: 53 } };
    const seen = readSlice(seenSlice(kubeProxy, one, own).after);
    assert.deepEqual(seen.endpoints.map(({ addresses }) => addresses), [['169.254.77.1']]);
    assert.deepEqual(seen.ports, [{ name: 'dns', port: 53, protocol: 'UDP' }, { name: 'dns-tcp', port: 53, protocol: 'TCP' }]);
    const other = seenSlice(kubeProxy, { ...one, metadata: { ...one.metadata, labels: { 'kubernetes.io/service-name': 'mine' } } }, own);
    assert.equal(other.after, other.before);
  });
}

test('everybody else sees what there is, and what is not rewritten keeps its bytes', () => {
  for (const [identity, asked] of [['system:serviceaccount:default:app', configMaps], ['system:serviceaccount:default:app', slices], [kubeProxy, configMaps], ['system:node:edge-2', configMaps], [kubelet, { ...configMaps, resource: 'pods' }], [kubelet, { ...configMaps, apiGroup: 'apps' }]] as const) {
    assert.equal(rewriteFor(asked, identity, shown), undefined);
  }
  assert.equal(rewriteFor({ ...configMaps, subresource: 'status' }, kubelet, shown), undefined);
  const odd = Buffer.from('{"metadata" : {"name":"mine"},  "data":{"n":"12345678901234567890"}}');
  assert.equal(rewriteFor(configMaps, kubelet, shown)?.(object({ name: 'mine', namespace: '' }, odd), jsonCodec), odd);
});
