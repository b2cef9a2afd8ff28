import { X509Certificate } from 'node:crypto';
import { EdgeproofError, UsageError } from '../../../core/errors.ts';
import { nodeNameOf } from '../common/node-name.ts';
import { checkTlsFiles, type TlsFiles } from '../common/tls.ts';
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

  /**
   * @param failed told why new files are not used
   * @throws EdgeproofError `NOT_A_NODE` for a certificate that is not a node's; UsageError for files that cannot be used
   */
  constructor({ cert, key, ca }: CredentialPaths, failed?: (reason: string) => void) {
    this.#files = new WatchedFiles({ cert, key, ca }, {
      check: (files) => {
        checkTlsFiles(files);
        this.#checkName(files.cert);
      },
      ...(failed && { failed }),
    });
    const name = nodeOf(this.#files.content.cert);
    if (name === undefined) {
      throw new EdgeproofError('NOT_A_NODE', `${cert}: its subject is not a node's (CN=system:node:NAME, O=system:nodes)`, { next: 'mount the certificate of the kubelet' });
    }
    this.nodeName = name;
  }

  get tls(): TlsFiles {
    return this.#files.content;
  }

  /** When the node's certificate ended, if it has: servers refuse it then, and TLS 1.3 tells this end no more than that the connection is closed. */
  get expiredAt(): Date | undefined {
    const { validToDate } = new X509Certificate(this.#files.content.cert);
    return validToDate.getTime() < Date.now() ? validToDate : undefined;
  }

  /** @returns whether a new session should be opened with what is there now */
  refresh(): boolean {
    return this.#files.refresh();
  }

  /** A process stays the node that it was: it dials for no other. */
  #checkName(cert: string): void {
    if (this.nodeName === undefined) return; // the first one
    const name = nodeOf(cert);
    if (name !== this.nodeName) throw new UsageError(`the new certificate is ${name === undefined ? "no node's" : `that of node ${name}`}, and this agent is of node ${this.nodeName}`);
  }
}

const nodeOf = (cert: string): string | undefined => nodeNameOf({ subject: new X509Certificate(cert).toLegacyObject().subject });
