import { X509Certificate } from 'node:crypto';
import { EdgeproofError } from '../../../core/errors.ts';
import { nodeNameOf } from '../common/node-name.ts';
import { WatchedFiles } from '../common/watched-files.ts';

export interface CredentialPaths {
  /** The kubelet's client certificate and its key, PEM: `kubelet-client-current.pem` holds both. */
  readonly cert: string;
  readonly key: string;
  /** Who signs tunnel servers, PEM; several during a rotation. */
  readonly ca: string;
}

/** Who this agent is: its node. Read again while it runs, because the kubelet rotates its certificate. */
export class Credentials {
  readonly #files: WatchedFiles<'cert' | 'key' | 'ca'>;
  readonly nodeName: string;

  /** @throws EdgeproofError `NOT_A_NODE` for a certificate that is not a node's */
  constructor(paths: CredentialPaths) {
    this.#files = new WatchedFiles({ cert: paths.cert, key: paths.key, ca: paths.ca });
    const { subject } = new X509Certificate(this.#files.content.cert).toLegacyObject();
    const name = nodeNameOf({ subject });
    if (name === undefined) {
      throw new EdgeproofError('NOT_A_NODE', `${paths.cert}: its subject is not a node's (CN=system:node:NAME, O=system:nodes)`, { next: 'mount the certificate of the kubelet' });
    }
    this.nodeName = name;
  }

  get tls(): Readonly<Record<'cert' | 'key' | 'ca', string>> {
    return this.#files.content;
  }

  /** @returns whether a new session should be opened with what is there now */
  refresh(): boolean {
    return this.#files.refresh();
  }
}
