import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, type Authority, type IssuedCertificate } from '../../../core/pki.ts';

export const nodeName = 'edge-1';

/** A cluster's authority, its API server's certificate and a node's, in a folder of their own. */
export class HubPki implements AsyncDisposable {
  readonly folder: string;
  readonly clusterCa: Authority;
  readonly apiServer: { readonly cert: string; readonly key: string };
  readonly #remove: () => Promise<void>;

  private constructor(folder: string, clusterCa: Authority, apiServer: IssuedCertificate, remove: () => Promise<void>) {
    this.folder = folder;
    this.clusterCa = clusterCa;
    this.apiServer = { cert: apiServer.certPem, key: apiServer.keyPem };
    this.#remove = remove;
  }

  static async create(): Promise<HubPki> {
    const folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-hub-'));
    const clusterCa = await createAuthority({ commonName: 'kubernetes' });
    const pki = new HubPki(folder.path, clusterCa, await clusterCa.issue({ commonName: 'kube-apiserver', ipAddresses: ['127.0.0.1'], dnsNames: ['kubernetes'], server: true }), async () => await folder.remove());
    await pki.write('ca.crt', clusterCa.certPem);
    await pki.writeNode(await pki.node(nodeName));
    const serving = await clusterCa.issue({ commonName: 'edge-hub', ipAddresses: ['127.0.0.1'], dnsNames: ['kubernetes.default.svc'], server: true });
    await pki.write('serving.crt', serving.certPem);
    await pki.write('serving.key', serving.keyPem);
    return pki;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async write(name: string, text: string): Promise<string> {
    await writeFile(this.path(name), text);
    return this.path(name);
  }

  /** A kubelet's client certificate. */
  async node(name: string): Promise<IssuedCertificate> {
    return await this.clusterCa.issue({ commonName: `system:node:${name}`, organizations: ['system:nodes'], client: true });
  }

  /** As the kubelet keeps it: both in one file. */
  async writeNode({ certPem, keyPem }: IssuedCertificate): Promise<string> {
    return await this.write('node.pem', certPem + keyPem);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remove();
  }
}
