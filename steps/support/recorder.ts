import { describeError } from '../../core/errors.ts';
import { capabilities } from '../../core/capabilities.ts';
import { edgeNodes, nodesOfSite } from '../../harness/cluster/state.ts';
import { ApiObserver } from '../../harness/probes/api-observer.ts';
import { mostTelling, type Told } from '../../harness/probes/happening.ts';
import { readJournal } from '../../harness/probes/journal.ts';
import { standingOf, whatStandsOut } from '../../harness/probes/node-standing.ts';
import { mediaTypes, type StandingAttachment, type ToldAttachment } from '../../reports/attachments.ts';
import { disturbedBy } from './faults.ts';
import { openSession, type Session } from './session.ts';
import type { EdgeWorld } from './world.ts';

/** A node that does not answer by then is not waited for: the report says so. */
const readMs = 5000;
/** Of each of those that are asked. What went wrong is kept first. */
const mostOfPassed = 16;
const mostOfFailed = 150;

let observer: ApiObserver | undefined;

/** Begins to watch the API, once for all scenarios of this worker. Nobody waits for it. */
export function observeApi({ kube }: Session): void {
  observer ??= new ApiObserver(kube);
}

export function stopObserving(): void {
  observer?.stop();
  observer = undefined;
}

/** Namespaces of scenarios are named after their promises. */
const ofAScenario = new RegExp(`^(${capabilities.join('|')})-.*-[a-z0-9]{1,5}$`);

/**
 * The nodes whose journals are read: those of its site, or those that it did something to or had Pods on. What others do on a node that it
 * stands on with them is none of its business.
 */
function nodesToRead(world: EdgeWorld): string[] {
  const { ground } = world.scope;
  if (typeof ground !== 'string') return nodesOfSite(world.cluster, ground.site).map(({ name }) => name);
  const used = observer?.nodesOf(world.namespace, world.startedAt.getTime()) ?? [];
  if (ground === 'namespace') return used;
  const known = new Set(world.cluster.nodes.map(({ name }) => name));
  return [...new Set([...disturbedBy([...world.faultRecords.values()], world.cluster).nodes, ...used])].filter((node) => known.has(node));
}

/**
 * Attaches what the API and the nodes themselves told of a scenario's time.
 *
 * @param endedAt when its steps were done, in milliseconds since the epoch: that its Pods go after that is no news
 */
export async function attachHappenings(world: EdgeWorld, endedAt: number, failed: boolean): Promise<void> {
  try {
    const since = world.startedAt.getTime();
    const isForeign = (namespace: string, at: number): boolean => (namespace === world.namespace ? at > endedAt : ofAScenario.test(namespace));
    const nodes = nodesToRead(world);
    const units = world.cluster.autonomy?.units ?? [];
    const edge = new Set(edgeNodes(world.cluster).map(({ name }) => name));
    const journals = await Promise.all(nodes.map(async (node): Promise<Told> => ({
      who: node, by: 'node', ...await readJournal(world.docker, node, { since, units: edge.has(node) ? units : [], isForeign, timeoutMs: readMs }),
    })));
    const ofApi = observer?.within({ since, until: Date.now(), nodes: world.scope.ground === 'everything' ? world.cluster.nodes.map(({ name }) => name) : nodes, namespace: world.namespace, isForeign })
      ?? [{ who: 'Pods', by: 'API' as const, happenings: [], gaps: ['nobody watched the API'] }];
    // Of a namespace that is being removed the kubelet complains without saying whose Pod it is about.
    const ownTime = (told: Told): Told => ({ ...told, happenings: told.happenings.filter(({ at, what }) => at <= endedAt || !what.includes(world.namespace)) });
    attach(world, [...journals, ...ofApi].map(ownTime), failed ? mostOfFailed : mostOfPassed);
  } catch (error) {
    attach(world, [{ who: 'Pods', by: 'API', happenings: [], gaps: [`nothing was recorded: ${describeError(error).split('\n', 1)[0]}`] }], 1);
  }
}

function attach(world: EdgeWorld, told: readonly Told[], atMost: number): void {
  const attachment: ToldAttachment = told.filter(({ happenings, gaps }) => happenings.length + gaps.length > 0).map(({ happenings, ...rest }) => {
    const { kept, left } = mostTelling(happenings, atMost);
    // Whose Pods these are need not be said in each line.
    return { ...rest, happenings: kept.map((one) => ({ ...one, what: one.what.replaceAll(`${world.namespace}/`, '') })), ...(left > 0 && { left }) };
  });
  if (attachment.length > 0) world.attachJson(attachment, mediaTypes.told);
}

/** Attaches what its probes saw. */
export function attachSamples(world: EdgeWorld): void {
  const lanes = world.samples.lanes();
  if (lanes.length > 0) world.attachJson(lanes, mediaTypes.samples);
}

/** Attaches what stands out of all nodes at this moment, for a scenario that did not pass. Before anything is healed. */
export async function attachStanding(world: EdgeWorld): Promise<void> {
  try {
    // Also of other sites: what a node lacks is seen by those that have it.
    const { cluster } = await openSession();
    const units = cluster.autonomy?.units ?? [];
    const standings = await Promise.all(cluster.nodes.map(async (node) => await standingOf(world.docker, node, node.tier === 'edge' ? units : [], readMs)));
    const isForeign = (namespace: string): boolean => namespace !== world.namespace && ofAScenario.test(namespace);
    const said = whatStandsOut(standings, { about: new Set(world.cluster.nodes.map(({ name }) => name)), since: world.startedAt.getTime(), isForeign });
    const attachment: StandingAttachment = { at: new Date().toISOString(), asked: world.cluster.nodes.map(({ name }) => name), said };
    world.attachJson(attachment, mediaTypes.standing);
  } catch (error) {
    world.attachJson({ at: new Date().toISOString(), asked: [], said: [`The nodes could not be asked how they stand: ${describeError(error).split('\n', 1)[0]}`] } satisfies StandingAttachment, mediaTypes.standing);
  }
}
