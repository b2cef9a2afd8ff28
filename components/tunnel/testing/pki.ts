import { createAuthority, type Authority, type CertificateRequest, type IssuedCertificate, type KeyPair } from '../../../core/pki.ts';
import { serverName } from '../common/tls.ts';
import { PemFolder, temporaryFolder, type TemporaryFolder } from './pem-folder.ts';

/** Paths of a key pair's files, PEM. */
export interface PairPaths {
  readonly cert: string;
  readonly key: string;
}

/** The two authorities of a cluster with a tunnel, and the files that they sign, in a folder of their own. */
export class Pki extends PemFolder {
  /** Signs tunnel servers and the clients of their CONNECT ports. */
  readonly tunnelCa: Authority;
  /** Signs kubelets. */
  readonly clusterCa: Authority;

  private constructor(folder: TemporaryFolder, tunnelCa: Authority, clusterCa: Authority) {
    super(folder);
    this.tunnelCa = tunnelCa;
    this.clusterCa = clusterCa;
  }

  static async create(): Promise<Pki> {
    const folder = await temporaryFolder('edgeproof-tunnel-');
    const [tunnelCa, clusterCa] = await Promise.all([createAuthority({ commonName: 'edge-tunnel-ca' }), createAuthority({ commonName: 'kubernetes' })]);
    const pki = new Pki(folder, tunnelCa, clusterCa);
    await pki.write('tunnel-ca.crt', tunnelCa.certPem);
    await pki.write('cluster-ca.crt', clusterCa.certPem);
    await pki.writePair('server', await pki.server());
    await pki.writePair('apiserver', await tunnelCa.issue({ commonName: 'kube-apiserver', client: true }));
    await pki.writePair('metrics-server', await tunnelCa.issue({ commonName: 'metrics-server', client: true }));
    return pki;
  }

  async writePair(name: string, { certPem, keyPem }: KeyPair): Promise<PairPaths> {
    return { cert: await this.write(`${name}.crt`, certPem), key: await this.write(`${name}.key`, keyPem) };
  }

  pair(name: string): PairPaths {
    return { cert: this.path(`${name}.crt`), key: this.path(`${name}.key`) };
  }

  /** Both ends of TLS, as the installer makes it: servers dial each other. */
  async server(ca: Authority = this.tunnelCa): Promise<IssuedCertificate> {
    return await ca.issue({ commonName: serverName, dnsNames: [serverName], server: true, client: true });
  }

  /** A kubelet's client certificate, or what somebody takes for one. */
  async node(name: string, { ca = this.clusterCa, ...request }: Partial<CertificateRequest> & { readonly ca?: Authority } = {}): Promise<IssuedCertificate> {
    return await ca.issue({ commonName: `system:node:${name}`, organizations: ['system:nodes'], client: true, ...request });
  }
}
