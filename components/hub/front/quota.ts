import type { Identity } from './identity.ts';

/** So many requests one client may have under way. kube-proxy, flanneld and CoreDNS have fewer than ten. */
const mostPerClient = 200;

/**
 * How many requests each client has under way: none may take all streams to the API server, or make this process hold unread answers without
 * end (a window each). The node itself may: it holds a watch for each ConfigMap and Secret that its Pods use.
 */
export class Quota {
  readonly #counts = new Map<string, number>();

  /** @returns gives it back; undefined when there is no more */
  take(identity: Identity): (() => void) | undefined {
    if (identity.kind === 'node') return () => {};
    // Not by what a token says of itself: another's words would use up another's share.
    const client = identity.kind === 'token' ? identity.tokenHash : identity.kind;
    const count = this.#counts.get(client) ?? 0;
    if (count >= mostPerClient) return undefined;
    this.#counts.set(client, count + 1);
    return () => {
      const left = this.#counts.get(client)! - 1;
      if (left === 0) this.#counts.delete(client);
      else this.#counts.set(client, left);
    };
  }
}
