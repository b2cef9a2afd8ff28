import type { KeyPair } from '../../core/pki.ts';
import { metricsServerDeployment } from '../../harness/cluster/metrics-server.ts';
import type { Manifest } from '../../harness/kube/objects.ts';
import type { Topology } from '../../topologies/schema.ts';
import { namespace, ports, serverName, serviceAddress } from './names.ts';
import { base64, mount } from './pod-parts.ts';

const secret = 'metrics-server-tunnel';
const folder = '/etc/edge-tunnel';

/**
 * metrics-server dials kubelets itself, by Go's HTTP client: HTTPS_PROXY sends it through the tunnel's CONNECT port, which
 * lets it reach kubelets and nothing else. One client verifies the tunnel and the kubelet, so its CA file holds both authorities.
 */
export function metricsManifests(topology: Topology, certificates: { readonly ca: KeyPair; readonly client: KeyPair; readonly clusterCa: string }): Manifest[] {
  const { ca, client, clusterCa } = certificates;
  return [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: secret, namespace: 'kube-system' },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': base64(client.certPem), 'tls.key': base64(client.keyPem), 'ca.crt': base64(`${clusterCa.trim()}\n${ca.certPem}`) },
    },
    metricsServerDeployment(topology, {
      kubeletFlags: [`--kubelet-certificate-authority=${folder}/ca.crt`, `--kubelet-client-certificate=${folder}/tls.crt`, `--kubelet-client-key=${folder}/tls.key`],
      env: [
        { name: 'HTTPS_PROXY', value: `https://${serverName}.${namespace}.svc:${ports.connect}` },
        // The API server itself is dialled directly.
        { name: 'NO_PROXY', value: serviceAddress(topology.overlay.serviceSubnet, 1) },
      ],
      volumeMounts: [mount('tunnel', folder)],
      volumes: [{ name: 'tunnel', secret: { secretName: secret, defaultMode: 0o444 } }],
    }),
  ];
}

export const metricsSecret = { name: secret, namespace: 'kube-system' } as const;
