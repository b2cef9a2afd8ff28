import { readFileSync } from 'node:fs';
import type { KubeAccess } from '../../kube/in-cluster.ts';

export interface NodeAccessOptions {
  /** The API server; the node's hub, where there is one. */
  readonly host: string;
  readonly port: number;
  /** Path, PEM: who signs it. */
  readonly ca: string;
  /** Path, PEM: the kubelet's certificate and key in one file, as it keeps them in `kubelet-client-current.pem`. */
  readonly nodeCertificate: string;
}

/**
 * Comes as the kubelet does: the Node authorizer lets it see its own Node and that one's Pods, and no others. Files are read at each use: the kubelet renews
 * its certificate, and the hub its authority.
 */
export const nodeAccess = ({ host, port, ca, nodeCertificate }: NodeAccessOptions): KubeAccess => ({
  host,
  port,
  ca: () => readFileSync(ca, 'utf8'),
  clientCertificate: () => {
    const pem = readFileSync(nodeCertificate, 'utf8');
    return { cert: pem, key: pem };
  },
});
