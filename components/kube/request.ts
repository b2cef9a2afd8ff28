import type { IncomingMessage } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import { EdgeproofError } from '../../core/errors.ts';
import type { KubeAccess } from './in-cluster.ts';

export interface KubeCall {
  /** With its query. */
  readonly path: string;
  /** Default: GET. */
  readonly method?: string;
  /** Sent as JSON; a PATCH is a merge patch (RFC 7386). */
  readonly body?: object;
  /** In which form the answer is to be. Default: JSON, whole. */
  readonly accept?: string;
  readonly signal: AbortSignal;
}

/** Silence on the connection until TCP asks whether the other end is there. Milliseconds. */
const keepAliveMs = 15_000;

/** The API server said no. */
export class KubeRefusal extends EdgeproofError {
  readonly status: number;

  constructor(call: string, status: number, body: string) {
    super('KUBE_REFUSED', `${call}: ${status}: ${body.slice(0, 200)}`);
    this.status = status;
  }
}

/**
 * Asks the API server something.
 *
 * @returns its answer, when it is one of success; the body is the caller's to read
 * @throws KubeRefusal; EdgeproofError `KUBE_UNREACHABLE`
 */
export function kubeRequest(access: KubeAccess, { path, method = 'GET', body, accept = 'application/json', signal }: KubeCall): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = `${method} ${path.split('?')[0]}`;
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const options: RequestOptions = {
      host: access.host,
      port: access.port,
      ca: access.ca(),
      path,
      method,
      ...access.clientCertificate?.(),
      headers: { ...(access.token && { authorization: `Bearer ${access.token()}` }), accept, ...(body !== undefined && { 'content-type': type }) },
      agent: false,
      signal,
    };
    const sent = request(options, (response) => {
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) return resolve(response);
      text(response).then((said) => reject(new KubeRefusal(call, status, said)), reject);
    });
    sent.on('socket', (socket) => socket.setKeepAlive(true, keepAliveMs));
    // More may follow once the answer has begun; that one reports them itself.
    sent.on('error', (cause) => reject(new EdgeproofError('KUBE_UNREACHABLE', `${call}: ${cause.message}`, { cause })));
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
