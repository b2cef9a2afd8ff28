import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';
import { CannotTellError } from '../../core/errors.ts';
import { KubeError, KubeUnreachableError, isNotFound } from './errors.ts';
import type { KubeObject, Manifest } from './objects.ts';
import { ResourcePaths } from './resource-paths.ts';

export interface CallOptions {
  /** The whole call, answer included. Default: 10,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ListOptions extends CallOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface DeleteOptions extends CallOptions {
  /** 0 removes a Pod from the API at once, whether its node knows or not. Default: the object's own. */
  readonly graceSeconds?: number;
}

/** Who applies: the owner, in `managedFields`, of what edgeproof sets. */
const fieldManager = 'edgeproof';

/**
 * The Kubernetes API by JSON over one pool of verified TLS connections. The kubeconfig's credentials are read by
 * @kubernetes/client-node; its own requests open (and never close) a pool for each call, which polling cannot afford.
 */
export class KubeClient {
  readonly server: URL;
  readonly #tls: RequestOptions;
  readonly #agent: Agent;
  readonly #paths = new ResourcePaths((path, options) => this.request('GET', path, options));

  private constructor(server: URL, tls: RequestOptions) {
    this.server = server;
    this.#tls = tls;
    const { ca, cert, key, servername } = tls;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 8, ca, cert, key, ...(servername !== undefined && { servername }) });
  }

  /** What other programs need to be this client. PEM. @throws CannotTellError for credentials that are no certificate */
  get pem(): { readonly ca: string; readonly cert: string; readonly key: string } {
    const text = (value: RequestOptions['ca']): string => {
      if (typeof value === 'string' || Buffer.isBuffer(value)) return value.toString();
      throw new CannotTellError('KUBECONFIG_INVALID', `the credentials for ${this.server.href} are no pair of certificate and key`);
    };
    return { ca: text(this.#tls.ca), cert: text(this.#tls.cert), key: text(this.#tls.key as string | Buffer | undefined) };
  }

  /** @throws CannotTellError `KUBECONFIG_INVALID` */
  static async fromKubeconfig(path: string): Promise<KubeClient> {
    const config = new KubeConfig();
    const tls: RequestOptions = {};
    try {
      config.loadFromFile(path);
      await config.applyToHTTPSOptions(tls);
    } catch (error) {
      throw new CannotTellError('KUBECONFIG_INVALID', `${path} is not a kubeconfig that can be used`, { cause: error });
    }
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new CannotTellError('KUBECONFIG_INVALID', `${path}: its current context names no cluster`);
    if (cluster.skipTLSVerify) throw new CannotTellError('KUBECONFIG_INVALID', `${path}: it turns TLS verification off`);
    return new KubeClient(new URL(cluster.server), tls);
  }

  /** Ends idle connections; later calls open new ones. */
  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async get<T extends KubeObject>(apiVersion: string, kind: string, name: string, options: ListOptions = {}): Promise<T> {
    return (await this.request('GET', await this.#paths.of(apiVersion, kind, { name, ...options }), options)) as T;
  }

  /** Like `get`, with undefined for what does not exist. */
  async find<T extends KubeObject>(apiVersion: string, kind: string, name: string, options: ListOptions = {}): Promise<T | undefined> {
    try {
      return await this.get<T>(apiVersion, kind, name, options);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** All objects of a kind, in one namespace or in all. */
  async list<T extends KubeObject>(apiVersion: string, kind: string, options: ListOptions = {}): Promise<T[]> {
    const query = new URLSearchParams();
    if (options.labelSelector !== undefined) query.set('labelSelector', options.labelSelector);
    if (options.fieldSelector !== undefined) query.set('fieldSelector', options.fieldSelector);
    const path = await this.#paths.of(apiVersion, kind, options);
    const { items } = (await this.request('GET', `${path}?${query.toString()}`, options)) as { items: T[] };
    return items.map((item) => ({ ...item, apiVersion, kind }));
  }

  /** Server-side apply: makes the object or brings the fields that the manifest names to its values, whoever set them. */
  async apply<T extends KubeObject>(manifest: Manifest, options: CallOptions = {}): Promise<T> {
    const { name, namespace } = manifest.metadata;
    const path = await this.#paths.of(manifest.apiVersion, manifest.kind, { name, ...(namespace !== undefined && { namespace }), ...options });
    return (await this.request('PATCH', `${path}?fieldManager=${fieldManager}&force=true`, options, manifest, 'application/apply-patch+yaml')) as T;
  }

  /** Applies one after the other, in the order given. */
  async applyAll(manifests: readonly Manifest[], options: CallOptions = {}): Promise<void> {
    for (const manifest of manifests) await this.apply(manifest, options);
  }

  /** RFC 7386: keys with null are removed. */
  async mergePatch<T extends KubeObject>(apiVersion: string, kind: string, name: string, patch: object, options: ListOptions = {}): Promise<T> {
    return (await this.request('PATCH', await this.#paths.of(apiVersion, kind, { name, ...options }), options, patch, 'application/merge-patch+json')) as T;
  }

  /** Asks for removal, children in the background, and does not wait for it. What is gone already is fine. */
  async delete(apiVersion: string, kind: string, name: string, options: DeleteOptions & ListOptions = {}): Promise<void> {
    const body = { propagationPolicy: 'Background', ...(options.graceSeconds !== undefined && { gracePeriodSeconds: options.graceSeconds }) };
    try {
      await this.request('DELETE', await this.#paths.of(apiVersion, kind, { name, ...options }), options, body);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /**
   * Any request to the API server.
   *
   * @returns the answer's JSON; text for answers that are none.
   * @throws KubeError for an error status; KubeUnreachableError when no answer came within the deadline.
   */
  async request(method: string, path: string, options: CallOptions = {}, body?: unknown, contentType = 'application/json'): Promise<unknown> {
    const what = `${method} ${path}`;
    const timeoutMs = options.timeoutMs ?? 10_000;
    const deadline = AbortSignal.timeout(timeoutMs);
    const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]);
    try {
      const { status, answer } = await this.#send(method, path, body === undefined ? undefined : JSON.stringify(body), contentType, signal);
      if (status >= 400) throw new KubeError(what, status, answer);
      return /^\s*[{[]/.test(answer) ? JSON.parse(answer) : answer;
    } catch (error) {
      if (error instanceof KubeError) throw error;
      const why = deadline.aborted ? `no answer within ${timeoutMs / 1000} s` : (error as Error).message;
      throw new KubeUnreachableError(what, why, error);
    }
  }

  #send(method: string, path: string, body: string | undefined, contentType: string, signal: AbortSignal): Promise<{ status: number; answer: string }> {
    return new Promise((resolve, reject) => {
      const sent = httpsRequest(new URL(path, this.server), {
        ...this.#tls,
        agent: this.#agent,
        method,
        signal,
        headers: { ...(this.#tls.headers as Record<string, string> | undefined), accept: 'application/json', ...(body !== undefined && { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }) },
      });
      sent.once('error', reject);
      sent.once('response', (response) => {
        text(response).then((answer) => resolve({ status: response.statusCode ?? 0, answer }), reject);
      });
      sent.end(body);
    });
  }
}
