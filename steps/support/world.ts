import { World, setWorldConstructor, type IWorldOptions } from '@cucumber/cucumber';
import { CannotTellError } from '../../core/errors.ts';
import type { StartedProgram } from '../../core/started-program.ts';
import type { Look } from '../../core/wait.ts';
import { oneSiteTag, sideBySideTag } from '../../features/tags.ts';
import type { FaultKind, FaultRecord } from '../../chaos/fault.ts';
import type { ChosenParameters } from '../../chaos/fault-parameters.ts';
import type { ClusterState } from '../../harness/cluster/state.ts';
import type { Docker } from '../../harness/docker/docker.ts';
import type { KubeClient } from '../../harness/kube/client.ts';
import type { Kubectl } from '../../harness/kube/kubectl.ts';
import type { KubePod } from '../../harness/kube/objects.ts';
import { vtepMac, type Identity } from '../../harness/probes/identity.ts';
import type { ReachResult } from '../../harness/probes/reachability.ts';
import type { Identities } from '../../harness/probes/identities.ts';
import { Samples } from '../../harness/probes/samples.ts';
import { takeSnapshot, type NodeSnapshot } from '../../harness/probes/snapshot.ts';
import type { SteadyStream } from '../../harness/probes/steady-stream.ts';
import type { App } from './apps.ts';
import { mediaTypes, type BudgetAttachment } from '../../reports/attachments.ts';
import { AddressUse } from './address-use.ts';
import { within } from './budget.ts';
import type { Carriers } from './carriers.ts';
import { disturbedBy, heal, inject } from './faults.ts';
import { admit, type Scope } from './ground.ts';
import type { Pair } from './first-answers.ts';
import type { HeldOpen } from './held-open.ts';
import type { Latencies } from './latencies.ts';
import { identitiesNow } from './identities-at-both-ends.ts';
import { interruption } from './interruption.ts';
import { OldSessions } from './old-sessions.ts';
import type { OtherSite } from './other-site.ts';
import { rolesOf, type Roles } from './roles.ts';
import type { Session } from './session.ts';
import type { SiteIdentity } from './site-identity.ts';
import type { TakenGround } from './take-ground.ts';
import type { Successor } from './tunnel-parts.ts';
import type { TunnelSessions } from './tunnel-sessions.ts';
import { Undos } from './undos.ts';

/** How things were before the scenario disturbed anything. */
export interface Before {
  readonly snapshot: NodeSnapshot;
  /** MAC of the edge node's flannel.1; undefined when it had none. */
  readonly vtepMac: string | undefined;
}

/** What the steps of one scenario share. Set up by the hooks before its first step. */
export class EdgeWorld extends World {
  #session: Session | undefined;
  #scope: Scope = { namespace: '', ground: 'everything', admitted: new Set() };
  #roles: Roles | undefined;
  /** Held until the clean-up has ended. */
  taken: TakenGround | undefined;
  readonly apps = new Map<string, App>();
  readonly faultRecords = new Map<string, FaultRecord>();
  before: Before | undefined;
  /** Whether all identities are to be looked at before the first fault and at the end. */
  comparesIdentities = false;
  identitiesBefore: Identities | undefined;
  readonly addressUse = new AddressUse();
  #lastFaultAt: number | undefined;
  #faultBeganAt: number | undefined;
  /** Nodes outside the cut site that were seen not Ready while it was cut; undefined when nobody looked. */
  disturbedElsewhere: Set<string> | undefined;
  /** What a When did, for the Thens that judge it: pairs of sources and targets that must reach each other. */
  pairs: readonly Pair[] = [];
  /** What carries their traffic on each of their nodes, flannel and kube-proxy among them, as it ran before anything was done. */
  systemPods: readonly NodeSnapshot[] = [];
  /** When a step saw all its applications run again, in milliseconds since the epoch. */
  podsRanAt: number | undefined;
  /** What applications ask each other all the time, by what it is. */
  readonly streams = new Map<string, SteadyStream>();
  /** What runs for the length of the scenario, by what its steps call it: a followed log, a forwarded port. */
  readonly programs = new Map<string, StartedProgram>();
  /** Names of the objects that a client of the API was given before anything was done. */
  namesRead: readonly string[] = [];
  /** What each node of the site ran before all of them were hit. */
  siteBefore: readonly NodeSnapshot[] = [];
  /** Who every Pod and node of the site was before anything was done. */
  siteIdentity: SiteIdentity | undefined;
  /** What each node of the site ran when it was itself again. */
  siteAfter: readonly NodeSnapshot[] = [];
  /** A site that nothing is done to, with what was known of it before. */
  otherSite: OtherSite | undefined;
  /** What an application was last made to write to its log. */
  written = { lines: 0, bytes: 0 };
  /** Which tunnel servers carry which followed logs. */
  carriers: Carriers = new Map();
  /** The tunnel server that was killed. */
  lostServer: string | undefined;
  /** A Pod of the tunnel that has just taken the place of another. */
  successor: Successor | undefined;
  /** The containers of the tunnel before anything was done, each with its id. */
  tunnelContainers: ReadonlyMap<string, string> | undefined;
  /** What the tunnel's processes held before anything was done, in kilobytes. */
  memoryBefore: ReadonlyMap<string, number> | undefined;
  /** The sessions that agents had before anything was done. */
  tunnelSessions: TunnelSessions | undefined;
  /** What its steps have changed besides its faults. */
  readonly undos = new Undos();
  /** Sessions that the cloud held before its edge came back elsewhere. */
  readonly oldSessions = new OldSessions();
  /** How long what goes through the tunnel took before anything was done. */
  latencies: Latencies | undefined;
  /** How long a kubectl exec took before anything was done: the median, in milliseconds. */
  execMs: number | undefined;
  /** What was open on the way to an application before anything was done. */
  heldOpen: HeldOpen | undefined;
  /** How many things were compared with what was there before the implementation, after it had been taken out. */
  thingsCompared = 0;
  /** How many Pods a workload must have, by its name. */
  readonly expectedPods = new Map<string, number>();
  /** What the probes of the isolation saw since the last fault: of the node that they were about, or of `all`. */
  readonly reached = new Map<string, readonly ReachResult[]>();
  /** What its probes saw, for the report. */
  readonly samples = new Samples();
  /** When it had its ground: what was broken there before is of others. */
  startedAt = new Date();

  constructor(options: IWorldOptions) {
    super(options);
  }

  open(session: Session, scope: Scope): void {
    this.startedAt = new Date();
    this.#scope = scope;
    this.#session = session;
    this.#roles = rolesOf(session.cluster);
  }

  get scope(): Scope {
    return this.#scope;
  }

  get namespace(): string {
    return this.#scope.namespace;
  }

  get opened(): boolean {
    return this.#session !== undefined;
  }

  get session(): Session {
    if (this.#session === undefined) throw new CannotTellError('NO_SESSION', 'the scenario was not set up');
    return this.#session;
  }

  get roles(): Roles {
    if (this.#roles === undefined) throw new CannotTellError('NO_SESSION', 'the scenario was not set up');
    return this.#roles;
  }

  /** What the scenario sees of the cluster: all of it, or the cloud and its own site. */
  get cluster(): ClusterState {
    return this.session.cluster;
  }

  get docker(): Docker {
    return this.session.docker;
  }

  get kube(): KubeClient {
    return this.session.kube;
  }

  get kubectl(): Kubectl {
    return this.session.kubectl;
  }

  get signal(): AbortSignal {
    return interruption.signal;
  }

  /** When the last fault was seen from the victim's side, in milliseconds since the epoch: budgets run from here. @throws CannotTellError */
  get lastFaultAt(): number {
    if (this.#lastFaultAt === undefined) throw new CannotTellError('NO_FAULT', 'no step has done a fault that anything could come back after');
    return this.#lastFaultAt;
  }

  /** When the last fault struck, after what the harness had to prepare and before its victim was asked, in milliseconds since the epoch: for what must follow at once. @throws CannotTellError */
  get faultBeganAt(): number {
    if (this.#faultBeganAt === undefined) throw new CannotTellError('NO_FAULT', 'no step has done a fault that anything could follow');
    return this.#faultBeganAt;
  }

  /** What the scenario's faults disturbed so far, for those who must not take old news for new. */
  get disturbed(): ReturnType<typeof disturbedBy> {
    return disturbedBy([...this.faultRecords.values()], this.cluster);
  }

  /** @throws CannotTellError when no earlier step made it. */
  app(name: string): App {
    const app = this.apps.get(name);
    if (app === undefined) throw new CannotTellError('NO_SUCH_APP', `no step has made an application "${name}"`);
    return app;
  }

  /** @throws CannotTellError when no earlier step started it. */
  program(name: string): StartedProgram {
    const program = this.programs.get(name);
    if (program === undefined) throw new CannotTellError('NOT_STARTED', `no step has started ${name}`);
    return program;
  }

  /** Remembers how things are, once: before the first fault of the scenario. */
  async remember(): Promise<Before> {
    if (this.before === undefined) {
      const { name } = this.roles.edgeNode;
      const [snapshot, mac] = await Promise.all([takeSnapshot(this.kube, this.docker, name, { signal: this.signal, ...(this.scope.ground === 'namespace' && { namespace: this.namespace }) }), vtepMac(this.docker, name, this.signal)]);
      this.before = { snapshot, vtepMac: mac };
      if (this.comparesIdentities) this.identitiesBefore = await identitiesNow(this);
    }
    return this.before;
  }

  /** Before anything that others than this scenario would feel. @throws CannotTellError `NOT_ALONE` when others run beside it */
  demandAlone(what: string): void {
    const { ground } = this.scope;
    if (ground === 'everything') return;
    if (ground === 'namespace') throw new CannotTellError('NOT_ALONE', `${what} would be felt by scenarios that run side by side with this one`, { next: `take ${sideBySideTag} from this scenario; on plain Kubernetes, look first whether the tunnel works` });
    throw new CannotTellError('NOT_ALONE', `${what} is about more than site ${ground.site}, and another scenario may stand there`, { next: `take ${oneSiteTag} from this scenario` });
  }

  /** Breaks something, and goes on only when the victim has felt it. @param chosen of its numbers those that are not the usual ones @throws CannotTellError `FAULT_NOT_SEEN`; `NOT_ALONE` */
  async disturb(kind: FaultKind, target: string, chosen?: ChosenParameters): Promise<FaultRecord> {
    if (!(await admit(this.scope, target, async (pod) => await this.#nodeOf(pod)))) this.demandAlone(`${kind} on ${target}`);
    await this.remember();
    this.reached.clear();
    const record = await inject(this.session, kind, target, this.signal, chosen);
    this.faultRecords.set(record.id, record);
    this.attachJson(record, mediaTypes.fault);
    this.#lastFaultAt = Date.now();
    this.#faultBeganAt = Date.parse(record.struckAt ?? record.startedAt);
    return record;
  }

  async #nodeOf({ namespace, name }: { readonly namespace: string; readonly name: string }): Promise<string | undefined> {
    return (await this.kube.find<KubePod>('v1', 'Pod', name, { namespace, signal: this.signal }))?.spec.nodeName;
  }

  /** Ends the scenario's open faults of these kinds. @throws CannotTellError `NO_FAULT` when there is none */
  async heal(...kinds: readonly FaultKind[]): Promise<void> {
    this.reached.clear();
    const open = [...this.faultRecords.values()].filter(({ kind, endedAt }) => kinds.includes(kind) && endedAt === undefined);
    if (open.length === 0) throw new CannotTellError('NO_FAULT', `there is no ${kinds.join(' or ')} to end`);
    for (const record of open) {
      this.faultRecords.set(record.id, await heal(this.session, record, this.signal));
    }
  }

  /** Waits for what a promise says, and attaches how long it took. The budget runs from now unless `since` says otherwise. */
  async within<T>(budget: { what: string; seconds: number; code: string; everyMs?: number; since?: number }, look: (signal: AbortSignal) => Promise<Look<T>>): Promise<T> {
    const { seconds, ...rest } = budget;
    return await within({ ...rest, budgetMs: seconds * 1000, signal: this.signal, attach: (record) => this.attachJson(record, mediaTypes.budget) }, this.#sampled(budget.what, look));
  }

  /** For `throughout`: has the report show what its looks see. */
  sampling(what: string): (at: number, why: string | undefined) => void {
    return (at, why) => { this.samples.add(what, { at, ...(why !== undefined && { why }) }); };
  }

  /** What a look sees, for the report too. */
  #sampled<T>(what: string, look: (signal: AbortSignal) => Promise<Look<T>>): (signal: AbortSignal) => Promise<Look<T>> {
    return async (signal) => {
      try {
        const seen = await look(signal);
        this.samples.add(what, { at: Date.now(), waits: true, ...('missing' in seen && { why: seen.missing }) });
        return seen;
      } catch (error) {
        if (!signal.aborted) this.samples.add(what, { at: Date.now(), waits: true, why: error instanceof Error ? error.message : String(error) });
        throw error;
      }
    };
  }

  attachBudget(record: BudgetAttachment): void {
    this.attachJson(record, mediaTypes.budget);
  }

  attachIdentities(before: readonly Identity[], after: readonly Identity[]): void {
    this.attachJson({ before, after }, mediaTypes.identity);
  }

  attachJson(value: unknown, mediaType: string): void {
    void this.attach(JSON.stringify(value), mediaType);
  }
}

setWorldConstructor(EdgeWorld);
