import assert from 'node:assert/strict';
import { test } from 'node:test';
import { echoService, echoWorkload, type EchoOptions } from './echo.ts';

interface PodTemplate { spec: { nodeSelector: object; tolerations: { key: string; tolerationSeconds?: number }[]; hostNetwork: boolean; dnsPolicy?: string; containers: { command: string[]; ports?: unknown; env: { name: string; value?: string }[] }[] } }

const templateOf = (options: Partial<EchoOptions>): PodTemplate['spec'] =>
  (echoWorkload({ name: 'app', namespace: 'ns', placement: 'anywhere', ...options })['spec'] as { template: PodTemplate }).template.spec;

test('who asks for the edge tolerates it, who does not say anything does not', () => {
  assert.deepEqual(templateOf({ placement: { tier: 'edge' } }).nodeSelector, { 'edgeproof.dev/tier': 'edge' });
  assert.deepEqual(templateOf({ placement: { tier: 'edge' } }).tolerations.map(({ key }) => key), ['edgeproof.dev/edge']);
  assert.deepEqual(templateOf({ placement: { tier: 'edge' }, tolerateEdge: false }).tolerations, []);
  assert.deepEqual(templateOf({ placement: { tier: 'cloud' } }).tolerations, []);
  assert.deepEqual(templateOf({ placement: { site: 'east' } }).nodeSelector, { 'edgeproof.dev/site': 'east' });
  assert.deepEqual(templateOf({}).nodeSelector, {});
});

test('no port is declared: on the host network the scheduler would count it', () => {
  const [container] = templateOf({ hostNetwork: true, port: 20_001 }).containers;
  assert.equal(container?.ports, undefined);
  assert.deepEqual(container?.env[0], { name: 'PORT', value: '20001' });
});

test('on the host network too it knows Services by name', () => {
  assert.equal(templateOf({ hostNetwork: true }).dnsPolicy, 'ClusterFirstWithHostNet');
  assert.equal(templateOf({}).dnsPolicy, undefined);
});

test('a time of eviction is a toleration with seconds', () => {
  const limited = templateOf({ evictAfterSeconds: 5 }).tolerations.filter(({ tolerationSeconds }) => tolerationSeconds === 5);
  assert.deepEqual(limited.map(({ key }) => key), ['node.kubernetes.io/unreachable', 'node.kubernetes.io/not-ready']);
});

test('a Service finds the Pods of its application', () => {
  const labels = (echoWorkload({ name: 'app', namespace: 'ns', placement: 'anywhere' })['spec'] as { selector: { matchLabels: object } }).selector.matchLabels;
  assert.deepEqual((echoService('app', 'ns')['spec'] as { selector: object }).selector, labels);
});

test('a bare Pod has no controller around it', () => {
  const pod = echoWorkload({ name: 'app', namespace: 'ns', placement: 'anywhere', kind: 'Pod' });
  assert.equal(pod.apiVersion, 'v1');
  assert.ok('containers' in (pod['spec'] as object));
});
