import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { KindPatches } from '../../harness/cluster/kind-config.ts';
import type { Topology } from '../../topologies/schema.ts';
import { readPair } from './certificates.ts';
import { connectAddress, egressFolder, ports } from './names.ts';

/** The API server's way to nodes, Pods and Services (`cluster`): an HTTP CONNECT proxy over TCP with mTLS (KEP-1281). */
const egressConfiguration = (serviceSubnet: string): object => ({
  apiVersion: 'apiserver.k8s.io/v1beta1',
  kind: 'EgressSelectorConfiguration',
  egressSelections: [{
    name: 'cluster',
    connection: {
      proxyProtocol: 'HTTPConnect',
      transport: {
        tcp: {
          url: `https://${connectAddress(serviceSubnet)}:${ports.connect}`,
          tlsConfig: { caBundle: `${egressFolder}/ca.crt`, clientCert: `${egressFolder}/client.crt`, clientKey: `${egressFolder}/client.key` },
        },
      },
    },
  }],
});

/** Writes what the API server reads at its start, and says how it comes there. */
export async function egressPatches(folder: string, { overlay }: Topology): Promise<KindPatches> {
  const shared = join(folder, 'egress');
  await mkdir(shared, { mode: 0o700 });
  const { certPem, keyPem } = await readPair(folder, 'apiserver');
  const files = { 'egress.yaml': stringify(egressConfiguration(overlay.serviceSubnet)), 'ca.crt': (await readPair(folder, 'ca')).certPem, 'client.crt': certPem, 'client.key': keyPem };
  for (const [name, text] of Object.entries(files)) await writeFile(join(shared, name), text, { mode: 0o600 });
  return {
    kubeadm: [
      stringify({
        kind: 'ClusterConfiguration',
        apiVersion: 'kubeadm.k8s.io/v1beta4',
        apiServer: {
          extraArgs: [
            { name: 'egress-selector-config-file', value: `${egressFolder}/egress.yaml` },
            // By name: nodes of different sites may have the same address.
            { name: 'kubelet-preferred-address-types', value: 'Hostname,InternalIP' },
            { name: 'kubelet-certificate-authority', value: '/etc/kubernetes/pki/ca.crt' },
          ],
          extraVolumes: [{ name: 'edge-tunnel', hostPath: egressFolder, mountPath: egressFolder, readOnly: true, pathType: 'Directory' }],
        },
      }),
      // Kubelets whose certificates the cluster signs can be verified, end to end through the tunnel.
      stringify({ kind: 'KubeletConfiguration', apiVersion: 'kubelet.config.k8s.io/v1beta1', serverTLSBootstrap: true }),
    ],
    controlPlaneMounts: [{ hostPath: shared, containerPath: egressFolder, readOnly: true }],
  };
}
