export interface FrontLimits {
  /** TCP connections of one listener. */
  readonly maxConnections: number;
  /** A client that has not finished TLS by then is cut off. Milliseconds. */
  readonly handshakeMs: number;
  /** An HTTP/1.1 request's head must be here by then. Milliseconds. */
  readonly headersMs: number;
  /** Of a request's line and headers. */
  readonly maxHeaderBytes: number;
  /** A connection without a request is closed after this time; one with a watch never. Milliseconds. */
  readonly idleMs: number;
  /** Requests under way on one HTTP/2 connection. A kubelet holds a watch for each ConfigMap and Secret that its Pods use. */
  readonly maxStreams: number;
}

export const defaultLimits: FrontLimits = {
  maxConnections: 2048,
  handshakeMs: 5000,
  headersMs: 5000,
  maxHeaderBytes: 64 * 1024,
  idleMs: 120_000,
  maxStreams: 1000,
};
