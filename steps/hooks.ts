import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { After, AfterAll, Before, setDefaultTimeout, setDefinitionFunctionWrapper, type ITestCaseHookParameter } from '@cucumber/cucumber';
import { allDone } from '../core/all-done.ts';
import { caseSlug, failedAsNamed, neighbourTag, promiseOfTags, smallRangeTag, twoSitesTag } from '../features/tags.ts';
import { partOf, sitesOf } from '../harness/cluster/state.ts';
import { engineIsGone } from '../harness/engine/demand-engine.ts';
import { waitUntilWhole } from '../harness/kube/whole.ts';
import { collectState } from '../harness/probes/collect.ts';
import { mediaTypes } from '../reports/attachments.ts';
import { createNamespace } from '../harness/workloads/namespaces.ts';
import { cleanUp } from './support/clean-up.ts';
import { disturbedBy, forgetWhatFaultsLeft, healEverything } from './support/faults.ts';
import { attachIdentities } from './support/identities-at-both-ends.ts';
import { interruption } from './support/interruption.ts';
import { leaveAsItIs, leavesFailures } from './support/leave.ts';
import { isControl, wantedBy, type Scope } from './support/ground.ts';
import { tellNext } from './support/next-sentence.ts';
import { attachHappenings, attachSamples, attachStanding, observeApi, stopObserving } from './support/recorder.ts';
import { rolesOf } from './support/roles.ts';
import { openSession, type Session } from './support/session.ts';
import { takeGround } from './support/take-ground.ts';
import { cannotTurn } from './support/trust.ts';
import { whyFailed } from './support/why-failed.ts';
import type { EdgeWorld } from './support/world.ts';

/** A step that is still running then is the harness's fault; every wait in it has a shorter deadline of its own. */
setDefaultTimeout(180_000);
/** Around every step and hook. */
setDefinitionFunctionWrapper((code: (...args: unknown[]) => unknown) => async function (this: EdgeWorld, ...args: unknown[]) {
  try {
    return await code.apply(this, args);
  } catch (error) {
    throw tellNext(await whyFailed(error));
  }
});
const cleanUpTimeout = { timeout: 240_000 };
const wholeBeforeMs = 60_000;
/** A node that reconnects by itself after a short cut does so in this time. After a failure nobody waits for that. */
const patienceMs = 5000;

/** Those that run before the first one on a site may be many, and their clean-up long. */
const groundMs = 600_000;

/** A range of 32 addresses. */
const smallRangeMask = 27;

const promiseOf = ({ pickle }: ITestCaseHookParameter): string => promiseOfTags(pickle.tags.map(({ name }) => name)) ?? `line-${pickle.location?.line ?? 0}`;

Before(async function (this: EdgeWorld) {
  return interruption.signal.aborted ? 'skipped' : undefined;
});

Before({ tags: twoSitesTag }, async function (this: EdgeWorld) {
  return rolesOf((await openSession()).cluster).sites.length >= 2 ? undefined : 'skipped';
});

Before({ tags: neighbourTag }, async function (this: EdgeWorld) {
  return rolesOf((await openSession()).cluster).neighbour === undefined ? 'skipped' : undefined;
});

Before({ tags: smallRangeTag }, async function (this: EdgeWorld) {
  return (await openSession()).cluster.topology.overlay.nodeCidrMask >= smallRangeMask ? undefined : 'skipped';
});

Before({ tags: '@needs-rotation' }, async function (this: EdgeWorld) {
  return (await cannotTurn(await openSession())) ? 'skipped' : undefined;
});

Before({ name: 'waiting for ground to stand on', timeout: groundMs + 10_000 }, async function (this: EdgeWorld, { pickle }: ITestCaseHookParameter) {
  const { cluster } = await openSession();
  this.taken = await takeGround(wantedBy(pickle.tags.map(({ name }) => name), isControl()), sitesOf(cluster), { timeoutMs: groundMs, signal: this.signal });
});

Before(async function (this: EdgeWorld, scenario: ITestCaseHookParameter) {
  const whole = await openSession();
  const { ground } = this.taken!;
  const session = typeof ground === 'string' ? whole : { ...whole, cluster: partOf(whole.cluster, ground.site) };
  const { kube, docker, cluster } = session;
  const namespace = `${promiseOf(scenario).slice(0, 57)}-${Math.random().toString(36).slice(2, 7)}`;
  const scope: Scope = { namespace, ground, admitted: new Set() };
  // What the clean-up of an earlier scenario could not end would be told as a promise that this one saw broken.
  const left = await healEverything(session, scope, this.signal);
  await waitUntilWhole(kube, docker, cluster, { timeoutMs: wholeBeforeMs, signal: this.signal, disturbed: disturbedBy(left, cluster) });
  // Nobody else looks at forwards, and asking every node takes its time.
  if (ground === 'everything' && scenario.pickle.tags.some(({ name }) => name === '@identity')) await forgetWhatFaultsLeft(session, this.signal);
  this.open(session, scope);
  observeApi(session);
  await createNamespace(kube, namespace, this.signal);
});

After(cleanUpTimeout, async function (this: EdgeWorld, scenario: ITestCaseHookParameter) {
  await using _ = this.taken;
  if (!this.opened) return;
  const { session } = this;
  const endedAt = Date.now();
  const failed = scenario.result?.status !== 'PASSED' && scenario.result?.status !== 'SKIPPED';
  // What fails on plain Kubernetes as it must has nothing to explain, and the look at every node is most of what its scenario takes of the machine.
  const asNamed = isControl() && failedAsNamed(scenario.pickle.tags.map(({ name }) => name), scenario.result?.exception?.message);
  const stays = failed && !asNamed && leavesFailures();
  const explain = async (): Promise<void> => {
    // That explains all of it.
    if (await engineIsGone(session.docker.engine)) return;
    await attachStanding(this);
    await collect(this, session, caseSlug(scenario.pickle));
  };
  try {
    if (failed && !asNamed) await explain();
  } finally {
    // Also when the disk is full: what is broken is healed, and told.
    try {
      await allDone([...this.programs.values()].map(async (program) => await program[Symbol.asyncDispose]()));
      await (stays ? leaveAsItIs(this, session, promiseOf(scenario)) : cleanUp(this, session, failed ? 0 : patienceMs));
    } catch (error) {
      if (!failed || asNamed) await explain();
      throw error;
    } finally {
      for (const record of this.faultRecords.values()) this.attachJson(record, mediaTypes.fault);
      // Now that every node is back: of one without power nobody could read what it tells.
      attachSamples(this);
      await attachHappenings(this, endedAt, failed && !asNamed);
    }
  }
});

AfterAll(stopObserving);

Before({ tags: '@identity' }, function (this: EdgeWorld) {
  this.comparesIdentities = true;
});

/** After hooks run from the last to the first: this one before anything is healed. */
After({ name: 'who everybody is now', tags: '@identity' }, async function (this: EdgeWorld) {
  await attachIdentities(this);
});

async function collect(world: EdgeWorld, { docker, kube, cluster, runDir }: Session, slug: string): Promise<void> {
  const folder = join(runDir, 'logs', slug);
  await rm(folder, { recursive: true, force: true });
  await collectState(docker, kube, cluster, folder, { since: world.startedAt, timeoutMs: 30_000 });
}
