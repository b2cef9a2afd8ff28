import type { KubeClient } from '../kube/client.ts';
import type { KubeEvent, KubeNode, KubePod } from '../kube/objects.ts';
import { ApiWatch, type Change, type WatchDeadlines } from './api-watch.ts';
import { eventSaid, factsOfNode, factsOfPod, nodeChange, podChange, type ApiSaid, type NodeFacts, type PodFacts } from './api-words.ts';
import { mergeRepeats, type Happening, type Told } from './happening.ts';

export interface Window {
  /** In milliseconds since the epoch. */
  readonly since: number;
  readonly until: number;
  readonly nodes: readonly string[];
  /** The scenario's own. Of other namespaces, Pods on `nodes` are told of too, unless the namespace is somebody else's. */
  readonly namespace: string;
  readonly isForeign: (namespace: string, at: number) => boolean;
}

interface Seen extends Happening {
  readonly kind: 'pod' | 'node';
  readonly namespace?: string | undefined;
  readonly node?: string | undefined;
}

/** Longer than any scenario. */
const keptMs = 20 * 60_000;

/**
 * Watches the API for as long as scenarios run: changes of Pods and nodes, and Events. Watching costs less than a list for each scenario, and sees what has come and gone in between. A node
 * that is cut off tells nothing here, or too late: its journal does (`readJournal`).
 */
export class ApiObserver {
  readonly #seen: Seen[] = [];
  readonly #pods = new Map<string, PodFacts>();
  readonly #nodes = new Map<string, NodeFacts>();
  readonly #counts = new Map<string, number>();
  readonly #startedAt = Date.now();
  readonly #watches: Readonly<Record<'Pods' | 'nodes' | 'Events', Pick<ApiWatch<KubePod>, 'blindWithin' | 'stop'>>>;

  constructor(kube: KubeClient, deadlines?: WatchDeadlines) {
    this.#watches = {
      Pods: new ApiWatch<KubePod>(kube, '/api/v1/pods', (change, at) => { this.seePod(change, at); }, deadlines),
      nodes: new ApiWatch<KubeNode>(kube, '/api/v1/nodes', (change, at) => { this.seeNode(change, at); }, deadlines),
      Events: new ApiWatch<KubeEvent>(kube, '/api/v1/events', (change, at) => { this.seeEvent(change, at); }, deadlines),
    };
  }

  stop(): void {
    for (const watch of Object.values(this.#watches)) watch.stop();
  }

  /** @internal */
  seePod({ type, object }: Change<KubePod>, at: number): void {
    const { name, namespace, uid = '' } = object.metadata;
    const [before, now] = [this.#pods.get(uid), type === 'DELETED' ? undefined : factsOfPod(object)];
    if (now === undefined) this.#pods.delete(uid);
    else this.#pods.set(uid, now);
    if (this.#isOld(before, object.metadata.creationTimestamp)) return;
    this.#keep(podChange(`${namespace}/${name}`, before, now), { at, kind: 'pod', namespace, node: object.spec.nodeName });
  }

  /** @internal */
  seeNode({ type, object }: Change<KubeNode>, at: number): void {
    const { name, creationTimestamp } = object.metadata;
    const [before, now] = [this.#nodes.get(name), type === 'DELETED' ? undefined : factsOfNode(object)];
    if (now === undefined) this.#nodes.delete(name);
    else this.#nodes.set(name, now);
    if (this.#isOld(before, creationTimestamp)) return;
    this.#keep(nodeChange(name, before, now), { at, kind: 'node', node: name });
  }

  /** @internal */
  seeEvent({ type, object }: Change<KubeEvent>, at: number): void {
    if (type === 'DELETED') return;
    const { uid = '', namespace, creationTimestamp } = object.metadata;
    const count = object.series?.count ?? object.count ?? 1;
    // One that is told again from the middle of its history has been told to its end.
    if ((this.#counts.get(uid) ?? 0) >= count) return;
    this.#counts.set(uid, count);
    const said = object.lastTimestamp ?? object.eventTime ?? creationTimestamp;
    // Its own time has whole seconds, and is right where it comes late: from a node that was cut off.
    const own = said === undefined ? at : Date.parse(said);
    const when = Math.abs(at - own) < 2000 ? at : own;
    if (when < this.#startedAt) return;
    const { kind, name } = object.involvedObject;
    const node = kind === 'Node' ? name : (object.source?.host ?? object.reportingInstance);
    this.#keep(eventSaid(object), { at: when, kind: kind === 'Node' ? 'node' : 'pod', namespace, node });
  }

  /** What was there before anybody watched is no news. */
  #isOld(before: unknown, created: string | undefined): boolean {
    return before === undefined && created !== undefined && Date.parse(created) < this.#startedAt - 1000;
  }

  #keep(said: ApiSaid | undefined, about: Omit<Seen, 'what'>): void {
    if (said === undefined) return;
    this.#seen.push({ ...about, what: said.what, ...(said.bad === true && { bad: true }) });
    const horizon = Date.now() - keptMs;
    while ((this.#seen[0]?.at ?? Infinity) < horizon) this.#seen.shift();
  }

  /** The nodes on which a namespace had Pods since a moment. */
  nodesOf(namespace: string, since: number): string[] {
    return [...new Set(this.#seen.filter((one) => one.kind === 'pod' && one.namespace === namespace && one.at >= since).flatMap(({ node }) => (node === undefined ? [] : [node])))];
  }

  /** What was seen of these nodes, and of the Pods that belong to a scenario. */
  within({ since, until, nodes, namespace: own, isForeign }: Window): Told[] {
    const seen = this.#seen.filter(({ at }) => at >= since && at <= until);
    const pods = seen.filter(({ at, kind, namespace = '', node }) => kind === 'pod' && !isForeign(namespace, at) && (namespace === own || (node !== undefined && nodes.includes(node))));
    const about = seen.filter(({ kind, node }) => kind === 'node' && node !== undefined && nodes.includes(node));
    const plain = (all: readonly Seen[]): Happening[] => mergeRepeats(all.map(({ at, what, bad }) => ({ at, what, ...(bad === true && { bad }) })));
    return [{ who: 'nodes', by: 'API', happenings: plain(about), gaps: this.#blind('nodes', since, until) }, { who: 'Pods', by: 'API', happenings: plain(pods), gaps: this.#blind('Pods', since, until) }];
  }

  /** When nothing was told of them, or of Events, which are about both. */
  #blind(who: 'Pods' | 'nodes', since: number, until: number): string[] {
    const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 19);
    const gaps = ([who, 'Events'] as const).flatMap((what) => this.#watches[what].blindWithin(since, until).map(({ from, to }) => ({ what, when: `from ${clock(from)} to ${clock(to)} UTC` })));
    return [...Map.groupBy(gaps, ({ when }) => when)].map(([when, whats]) => `the API told nothing of ${whats.map(({ what }) => what).join(' and ')} ${when}, so what came and went then is missing`);
  }
}
