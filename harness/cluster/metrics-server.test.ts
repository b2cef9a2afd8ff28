import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubePod } from '../kube/objects.ts';
import { isMetricsServer, metricsServerDeployment, metricsServerManifests, type MetricsServerOptions } from './metrics-server.ts';

interface Deployment {
  metadata: { namespace: string };
  spec: { template: { metadata: { labels: Record<string, string> }; spec: { nodeSelector: Record<string, string>; tolerations: object[]; volumes: object[]; containers: { args: string[]; env: object[] }[] } } };
}
const podOf = (workers: number, options: MetricsServerOptions = {}): Deployment['spec']['template'] =>
  (metricsServerDeployment({ cloud: { controlPlanes: 1, workers } }, options) as unknown as Deployment).spec.template;

test('it runs in the cloud, and beside the control plane only where there is nothing else', () => {
  const { spec } = podOf(1);
  assert.equal(spec.nodeSelector['edgeproof.dev/tier'], 'cloud');
  assert.deepEqual(spec.tolerations, []);
  assert.equal(podOf(0).spec.tolerations.length, 1);
});

test('an implementation that verifies kubelets takes the place of not verifying them', () => {
  const plain = podOf(1).spec.containers[0]!;
  assert.ok(plain.args.includes('--kubelet-insecure-tls'));
  const { containers: [container], volumes } = podOf(1, { kubeletFlags: ['--kubelet-certificate-authority=/ca'], env: [{ name: 'HTTPS_PROXY', value: 'x' }], volumes: [{ name: 'ca' }] }).spec;
  assert.deepEqual(container!.args, [...plain.args.filter((arg) => arg !== '--kubelet-insecure-tls'), '--kubelet-certificate-authority=/ca']);
  assert.deepEqual(container!.env, [{ name: 'HTTPS_PROXY', value: 'x' }]);
  assert.equal(volumes.length, 2);
});

test('the API server verifies it by the authority of the certificate that it serves, and its Pod is told from others', () => {
  const manifests = metricsServerManifests({ cloud: { controlPlanes: 1, workers: 1 } }, { certificate: 'CERT', privateKey: 'KEY', authority: 'AUTHORITY' });
  const of = (kind: string): Record<string, unknown> => manifests.find((manifest) => manifest.kind === kind)!;
  const { caBundle, insecureSkipTLSVerify } = of('APIService')['spec'] as { caBundle: string; insecureSkipTLSVerify?: boolean };
  assert.equal(insecureSkipTLSVerify, undefined);
  assert.equal(Buffer.from(caBundle, 'base64').toString(), 'AUTHORITY');
  assert.equal(Buffer.from((of('Secret')['data'] as Record<string, string>)['tls.crt']!, 'base64').toString(), 'CERT');
  const { metadata, spec } = of('Deployment') as unknown as Deployment;
  assert.equal(isMetricsServer({ metadata: { ...spec.template.metadata, namespace: metadata.namespace } } as unknown as KubePod), true);
  assert.equal(isMetricsServer({ metadata: { labels: { 'k8s-app': 'kube-dns' }, namespace: 'kube-system' } } as unknown as KubePod), false);
});
