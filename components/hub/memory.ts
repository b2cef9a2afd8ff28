import type { CacheStore } from './cache/index.ts';
import { answerStatus, bearerToken, type ForwardHooks, type ForwardPlan, type FrontRequest } from './front/index.ts';
import type { LinkError } from './link/index.ts';
import { Deferred } from './offline/deferred.ts';
import { EventSender, type EventTimings } from './offline/event-sender.ts';
import { OfflineEvents } from './offline/events.ts';
import { OpenWatches } from './offline/open-watches.ts';
import { answerRead } from './offline/reads.ts';
import { answerWrite } from './offline/writes.ts';
import { Recorder } from './online/recorder.ts';
import { answerShared } from './online/shared.ts';
import { kubeRequestOf, subjectOf } from './online/subject.ts';
import type { Shown } from './shown/objects.ts';
import type { KubeRequest } from './wire/index.ts';
import type { Link } from './link/index.ts';

export interface MemoryOptions {
  readonly store: CacheStore;
  readonly nodeName: string;
  /** Left out: the node sees what there is. */
  readonly shown?: Shown;
  /** An answer could not be kept, or what was done here could not be told to the cloud. */
  readonly troubled?: (what: string, reason: unknown) => void;
  readonly eventTimings?: Partial<EventTimings>;
}

/** Remembers what passes while the link is there, and answers from it when it is not. */
export class Memory implements ForwardHooks, Disposable {
  readonly openWatches = new OpenWatches(() => this.#link?.state.kind === 'connected');
  readonly #options: MemoryOptions;
  readonly #recorder: Recorder;
  readonly #events: OfflineEvents;
  #link: Link | undefined;
  #deferred: Deferred | undefined;
  #sender: EventSender | undefined;

  constructor(options: MemoryOptions) {
    this.#options = options;
    const { store, nodeName, shown, troubled } = options;
    this.#events = new OfflineEvents(store.events, () => this.#sender?.wake());
    this.#recorder = new Recorder({ store, openWatches: this.openWatches, ownIdentity: `system:node:${nodeName}`, ...(shown && { shown }), troubled: (kube, reason) => troubled?.(`${kube.verb} ${kube.path}`, reason) });
  }

  /** What the cloud has not heard of yet. */
  get waiting(): readonly string[] {
    return this.#deferred?.waiting ?? [];
  }

  /** Hears of the link from now on. */
  follow(link: Link): void {
    const { nodeName, troubled, store, eventTimings } = this.#options;
    const deferred = new Deferred({ link, nodeName, failed: (reason) => troubled?.('telling the cloud what happened meanwhile', reason) });
    const sender = new EventSender({ link, events: store.events, refused: ({ path, name }, reason) => troubled?.(`the Event ${path}/${name}`, reason), ...(eventTimings && { timings: eventTimings }) });
    this.#link = link;
    this.#deferred = deferred;
    this.#sender = sender;
    const back = async (): Promise<void> => {
      await deferred.send();
      this.openWatches.endAll();
      sender.wake();
    };
    link.onChange(({ kind }) => {
      if (kind === 'connected') void back();
    });
    sender.wake();
  }

  [Symbol.dispose](): void {
    this.#sender?.[Symbol.dispose]();
    this.#recorder[Symbol.dispose]();
  }

  local(request: FrontRequest): boolean {
    // Who shows the node's certificate is known here; whether a token still counts, the API server alone knows.
    if (request.identity.kind !== 'node') return false;
    const kube = kubeRequestOf(request);
    const subject = subjectOf(request);
    return kube !== undefined && subject !== undefined && answerShared({ store: this.#options.store, openWatches: this.openWatches, kube, subject, response: request.response });
  }

  plan(request: FrontRequest): ForwardPlan | undefined {
    return this.#recorder.plan(request);
  }

  async unanswered(request: FrontRequest, error: LinkError): Promise<boolean> {
    const kube = kubeRequestOf(request);
    if (kube === undefined || !kube.isResource) return false;
    const subject = subjectOf(request);
    if (subject === undefined) return false;
    if (!this.#isKnown(request)) {
      answerStatus(request.response, { code: 401, reason: 'Unauthorized', message: 'the API server, which is cut off, has never accepted this token' });
      return true;
    }
    const { store, nodeName } = this.#options;
    if (request.method === 'GET') {
      if (!answerRead({ store, openWatches: this.openWatches, kube, subject, response: request.response })) answerStatus(request.response, { code: 503, reason: 'ServiceUnavailable', message: `${notRecorded(kube, subject)}: ${error.message}` });
      return true;
    }
    // Whether a write that was on its way got there is not known: who is told so may ask later.
    if (this.#deferred === undefined || (error.mayHaveBeenSeen && !isRenewal(kube))) return false;
    return await answerWrite({ store, deferred: this.#deferred, openWatches: this.openWatches, events: this.#events, nodeName, request, kube, subject });
  }

  #isKnown({ identity, headers }: FrontRequest): boolean {
    if (identity.kind !== 'token') return true;
    const token = bearerToken(headers);
    return token !== undefined && this.#options.store.accepted.subjectOf(token) !== undefined;
  }
}

/** What a kubelet says again and again, and what it says last counts. */
const isRenewal = ({ resource, subresource }: KubeRequest): boolean => resource === 'leases' || resource === 'events' || subresource === 'token' || (resource === 'nodes' && subresource === 'status');

function notRecorded({ verb, path, fieldSelector, labelSelector }: KubeRequest, subject: string): string {
  const selectors = [fieldSelector, labelSelector].filter((selector) => selector !== '').join(' and ');
  return `not cached: a ${verb} of ${path}${selectors === '' ? '' : ` with ${selectors}`} was never answered to ${subject} while the link was there`;
}
