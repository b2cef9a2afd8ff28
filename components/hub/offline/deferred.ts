import { finished } from 'node:stream/promises';
import type { Link } from '../link/index.ts';
import { leasePath, nodePath } from './paths.ts';
import type { JsonMap } from './strategic-merge.ts';

export interface DeferredOptions {
  readonly link: Pick<Link, 'request'>;
  readonly nodeName: string;
  readonly failed?: (reason: unknown) => void;
}

const sendTimeoutMs = 5000;

/** What was done here while the cloud did not hear of it, and what it is to hear first when the link is back. */
export class Deferred {
  readonly #options: DeferredOptions;
  /** The node's status as its kubelet last said it. */
  nodeStatus: JsonMap | undefined;
  leaseRenewed = false;

  constructor(options: DeferredOptions) {
    this.#options = options;
  }

  /** Says that the node is there and how it is, so that nobody waits for its kubelet's next word. What fails is said again by the kubelet. */
  async send(): Promise<void> {
    const { nodeName } = this.#options;
    const { nodeStatus, leaseRenewed } = this;
    this.nodeStatus = undefined;
    this.leaseRenewed = false;
    if (leaseRenewed) await this.#patch(leasePath(nodeName), 'merge', { spec: { renewTime: new Date().toISOString().replace(/Z$/, '000Z') } });
    const { conditions } = nodeStatus ?? {};
    if (conditions !== undefined) await this.#patch(`${nodePath(nodeName)}/status`, 'strategic-merge', { status: { conditions } });
  }

  async #patch(path: string, kind: 'merge' | 'strategic-merge', patch: object): Promise<void> {
    try {
      const { status, body } = await this.#options.link.request({
        method: 'PATCH',
        path,
        headers: { 'content-type': `application/${kind}-patch+json`, accept: 'application/json' },
        via: 'node',
        body: Buffer.from(JSON.stringify(patch)),
        signal: AbortSignal.timeout(sendTimeoutMs),
      });
      await finished(body.resume());
      if (status > 299) throw new Error(`PATCH ${path}: ${status}`);
    } catch (reason) {
      this.#options.failed?.(reason);
    }
  }
}
