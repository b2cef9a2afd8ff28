import { workloadImage } from '../../images/versions.ts';
import type { ServingCertificate } from '../cluster/serving-certificate.ts';
import type { Manifest } from '../kube/objects.ts';
import { placementSpec } from './placement.ts';

/** The annotation that the webhook sets (images/go/node/cmd/webhook). */
export const webhookMark = { key: 'edgeproof.dev/webhook', value: 'seen' } as const;
const name = 'webhook';
const port = 8443;

export const webhookHost = (namespace: string): string => `${name}.${namespace}.svc`;

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/**
 * A mutating admission webhook on a cloud node, for ConfigMaps of its own namespace only. It fails closed: an API server that
 * cannot reach it refuses the change.
 *
 * @param serving for {@link webhookHost}
 */
export function webhookManifests(namespace: string, serving: ServingCertificate): { readonly server: Manifest[]; readonly configuration: Manifest } {
  const labels = { app: name };
  const metadata = { name, namespace, labels };
  return {
    server: [
      { apiVersion: 'v1', kind: 'Secret', metadata, type: 'kubernetes.io/tls', data: { 'tls.crt': base64(serving.certificate), 'tls.key': base64(serving.privateKey) } },
      { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: [{ port: 443, targetPort: port, protocol: 'TCP' }] } },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: {
          replicas: 1,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              ...placementSpec({ tier: 'cloud' }),
              terminationGracePeriodSeconds: 1,
              containers: [{
                name,
                image: workloadImage,
                imagePullPolicy: 'Never',
                command: ['/usr/local/bin/webhook', '--cert', '/tls/tls.crt', '--key', '/tls/tls.key', '--listen', `:${port}`],
                readinessProbe: { httpGet: { path: '/healthz', port, scheme: 'HTTPS' }, periodSeconds: 1 },
                volumeMounts: [{ name: 'tls', mountPath: '/tls', readOnly: true }],
              }],
              volumes: [{ name: 'tls', secret: { secretName: name } }],
            },
          },
        },
      },
    ],
    configuration: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: `${name}-${namespace}` },
      webhooks: [{
        name: 'webhook.edgeproof.dev',
        clientConfig: { service: { name, namespace, port: 443, path: '/' }, caBundle: base64(serving.authority) },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'], scope: 'Namespaced' }],
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        objectSelector: { matchLabels: { 'edgeproof.dev/for': name } },
        failurePolicy: 'Fail',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        timeoutSeconds: 5,
      }],
    },
  };
}
