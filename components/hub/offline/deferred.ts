import { finished } from 'node:stream/promises';
import { LinkError, type Link } from '../link/index.ts';
import { leasePath, nodePath } from './paths.ts';
import type { Json, JsonMap } from './strategic-merge.ts';

export interface DeferredOptions {
  readonly link: Pick<Link, 'request'>;
  readonly nodeName: string;
  readonly failed?: (reason: unknown) => void;
  /** Milliseconds since 1970. Default: the clock. */
  readonly now?: () => number;
}

/** Something that the kubelet said of itself here, and of which object. */
interface Said<T> {
  readonly what: T;
  readonly uid: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const sendTimeoutMs = 5000;
/** So long a kubelet's word counts, as it does in the cloud: it renews its lease every 10 s (`nodeLeaseDurationSeconds` of its configuration). Milliseconds. */
const aliveMs = 40_000;

/** What was done here while the cloud did not hear of it, and what it is to hear first when the link is back. */
export class Deferred {
  readonly #options: DeferredOptions;
  readonly #now: () => number;
  #conditions: Said<Json> | undefined;
  #renewed: Said<true> | undefined;

  constructor(options: DeferredOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Of what the cloud has not heard: `node-status`, `lease`. */
  get waiting(): readonly string[] {
    return [...(this.#conditions ? ['node-status'] : []), ...(this.#renewed ? ['lease'] : [])];
  }

  /** The node's conditions, as its kubelet says that they are. @param uid of the Node that it speaks of */
  conditions(what: Json, uid: string): void {
    this.#conditions = { what, uid, at: this.#now() };
  }

  /** @param uid of the lease */
  renewed(uid: string): void {
    this.#renewed = { what: true, uid, at: this.#now() };
  }

  /**
   * What the kubelet said last while the cloud heard it, for when it has nothing new to say: it repeats itself only every 5 min (`nodeStatusReportFrequency`),
   * and cannot know that the cloud takes its node for unreachable by now.
   */
  unchanged(conditions: Json, uid: string): void {
    if (isOfKubelet(conditions)) this.#conditions ??= { what: conditions, uid, at: this.#now() };
  }

  /**
   * Says that the node is there and how it is, so that nobody waits for its kubelet's next word. Nothing is said for a kubelet that is
   * silent by now, or of a Node that is another one in the cloud: the API server refuses a UID that is not the object's. What does not get there for
   * the link's sake is kept for the next time.
   */
  async send(): Promise<void> {
    const { nodeName } = this.#options;
    const [renewed, conditions] = [this.#renewed, this.#conditions];
    this.#renewed = undefined;
    this.#conditions = undefined;
    const lastWord = Math.max(renewed?.at ?? 0, conditions?.at ?? 0);
    if (this.#now() - lastWord > aliveMs) return;
    if (renewed !== undefined && !(await this.#patch(leasePath(nodeName), 'merge', { ...ofUid(renewed.uid), spec: { renewTime: new Date(renewed.at).toISOString().replace(/Z$/, '000Z') } }))) this.#renewed ??= renewed;
    if (conditions !== undefined && !(await this.#patch(`${nodePath(nodeName)}/status`, 'strategic-merge', { ...ofUid(conditions.uid), status: { conditions: conditions.what } }))) this.#conditions ??= conditions;
  }

  /** @returns false when it has not got there */
  async #patch(path: string, kind: 'merge' | 'strategic-merge', patch: object): Promise<boolean> {
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
      return true;
    } catch (reason) {
      this.#options.failed?.(reason);
      return !(reason instanceof LinkError && reason.isOfTheLink);
    }
  }
}

const ofUid = (uid: string): object => (uid === '' ? {} : { metadata: { uid } });

/** The cloud calls conditions of a node that it does not hear of `Unknown`, and no kubelet does: that is not to be told as a kubelet's word. */
const isOfKubelet = (conditions: Json): boolean => Array.isArray(conditions) && conditions.length > 0 && conditions.every((one) => (one as JsonMap)['status'] !== 'Unknown');

/** What {@link Deferred} says of a Node. */
export const conditionsOf = (node: JsonMap): Json | undefined => (node['status'] as JsonMap | undefined)?.['conditions'];
