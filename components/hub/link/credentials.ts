import { X509Certificate } from 'node:crypto';
import { UsageError } from '../../../core/errors.ts';
import { nodeNameOf } from '../../tunnel/common/node-name.ts';
import { checkAuthorities, checkTlsFiles } from '../../tunnel/common/tls.ts';
import { WatchedFiles } from '../../tunnel/common/watched-files.ts';

/** Whose certificate a session shows: this node's, or none, for those who bring a token. */
export type Via = 'node' | 'bare';

/** What this end of TLS has. PEM. */
export interface LinkIdentity {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface LinkCredentialsOptions {
  /** Path: who signs the API server. */
  readonly ca: string;
  /** Path: certificate and key of this node in one file, as the kubelet keeps them in `kubelet-client-current.pem`. It may come later. */
  readonly node?: string;
  readonly nodeName: string;
  /** Told, once for each reason, why what is there now is not used. */
  readonly failed?: (reason: string) => void;
}

/** The files that the link shows and verifies with, read again while it runs: the kubelet rotates its certificate. */
export class LinkCredentials {
  readonly #options: LinkCredentialsOptions;
  readonly #ca: WatchedFiles<'ca'>;
  #node: WatchedFiles<'pair'> | undefined;
  #problem = '';

  /** @throws UsageError when the CA cannot be read */
  constructor(options: LinkCredentialsOptions) {
    this.#options = options;
    this.#ca = new WatchedFiles({ ca: options.ca }, { check: ({ ca }) => checkAuthorities(ca), ...(options.failed && { failed: options.failed }) });
    this.#openNode();
  }

  /** @returns undefined while there is no certificate of this node */
  identity(via: Via): LinkIdentity | undefined {
    const { ca } = this.#ca.content;
    if (via === 'bare') return { ca };
    const pair = this.#node?.content.pair;
    return pair === undefined ? undefined : { ca, cert: pair, key: pair };
  }

  /** @returns whether anything is different */
  refresh(): boolean {
    const ca = this.#ca.refresh();
    if (this.#node === undefined) return this.#openNode() || ca;
    return this.#node.refresh() || ca;
  }

  #openNode(): boolean {
    const { node: path, nodeName, failed } = this.#options;
    if (path === undefined) return false;
    try {
      this.#node = new WatchedFiles({ pair: path }, { check: ({ pair }) => checkPair(pair, this.#ca.content.ca, nodeName), ...(failed && { failed }) });
      return true;
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#problem) failed?.(message);
      this.#problem = message;
      return false;
    }
  }
}

function checkPair(pair: string, ca: string, nodeName: string): void {
  checkTlsFiles({ cert: pair, key: pair, ca });
  const name = nodeNameOf({ subject: new X509Certificate(pair).toLegacyObject().subject });
  if (name !== nodeName) throw new UsageError(`the certificate is ${name === undefined ? "no node's" : `that of node ${name}`}, and this is node ${nodeName}`);
}
