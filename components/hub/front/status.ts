import type { FrontResponse } from './request.ts';

export interface StatusDetails {
  readonly code: number;
  /** As Kubernetes names it: `ServiceUnavailable`, `Timeout`, `Forbidden`. */
  readonly reason: string;
  /** A sentence for whoever reads kubectl's or the kubelet's error. */
  readonly message: string;
  /** Seconds after which a client may come again. */
  readonly retryAfter?: number;
}

/** Answers with a Kubernetes Status, in JSON, which every client of Kubernetes reads whatever else it asked for. */
export function answerStatus(response: FrontResponse, { code, reason, message, retryAfter }: StatusDetails): void {
  const body = Buffer.from(JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `edge-hub: ${message}`,
    reason,
    ...(retryAfter !== undefined && { details: { retryAfterSeconds: retryAfter } }),
    code,
  }));
  response.start(code, { 'content-type': 'application/json', 'content-length': String(body.length), ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }) }).end(body);
}
