import { createAuthority, type Authority, type IssuedCertificate } from '../../../core/pki.ts';
import { PemFolder, temporaryFolder, type TemporaryFolder } from '../../tunnel/testing/pem-folder.ts';

export const nodeName = 'edge-1';

/** A cluster's authority, its API server's certificate and a node's, in a folder of their own. */
export class HubPki extends PemFolder {
  readonly clusterCa: Authority;
  readonly apiServer: { readonly cert: string; readonly key: string };

  private constructor(folder: TemporaryFolder, clusterCa: Authority, apiServer: IssuedCertificate) {
    super(folder);
    this.clusterCa = clusterCa;
    this.apiServer = { cert: apiServer.certPem, key: apiServer.keyPem };
  }

  static async create(): Promise<HubPki> {
    const folder = await temporaryFolder('edgeproof-hub-');
    const clusterCa = await createAuthority({ commonName: 'kubernetes' });
    const pki = new HubPki(folder, clusterCa, await clusterCa.issue({ commonName: 'kube-apiserver', ipAddresses: ['127.0.0.1'], dnsNames: ['kubernetes'], server: true }));
    await pki.write('ca.crt', clusterCa.certPem);
    await pki.writeNode(await pki.node(nodeName));
    const serving = await clusterCa.issue({ commonName: 'edge-hub', ipAddresses: ['127.0.0.1'], dnsNames: ['kubernetes.default.svc'], server: true });
    await pki.write('serving.crt', serving.certPem);
    await pki.write('serving.key', serving.keyPem);
    return pki;
  }

  /** A kubelet's client certificate. */
  async node(name: string): Promise<IssuedCertificate> {
    return await this.clusterCa.issue({ commonName: `system:node:${name}`, organizations: ['system:nodes'], client: true });
  }

  /** As the kubelet keeps it: both in one file. */
  async writeNode({ certPem, keyPem }: IssuedCertificate): Promise<string> {
    return await this.write('node.pem', certPem + keyPem);
  }
}
