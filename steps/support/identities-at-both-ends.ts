import type { NodeState } from '../../harness/cluster/state.ts';
import { takeIdentities, type Identities } from '../../harness/probes/identities.ts';
import { sideBySide } from '../../harness/probes/identity-picture.ts';
import { mediaTypes, type IdentitiesAttachment } from '../../reports/attachments.ts';
import type { EdgeWorld } from './world.ts';

/** Nodes whose Pods a scenario is about: what one that has a site of its own sees of the cloud is others' too. */
const nodesWithPods = ({ scope, cluster }: EdgeWorld): NodeState[] => cluster.nodes.filter(({ tier }) => scope.ground === 'everything' || tier === 'edge');

export async function identitiesNow(world: EdgeWorld): Promise<Identities> {
  return await takeIdentities(world.kube, world.docker, world.cluster.nodes, nodesWithPods(world), world.signal);
}

/** Looks once more, and has the report show it beside how it was. Nothing for a scenario that has broken nothing. */
export async function attachIdentities(world: EdgeWorld): Promise<void> {
  const before = world.identitiesBefore;
  if (before === undefined) return;
  const after = await identitiesNow(world);
  const when = ({ takenAt, tookMs }: Identities) => ({ takenAt, tookMs });
  const attachment: IdentitiesAttachment = { before: when(before), after: when(after), who: sideBySide(world.cluster.nodes, nodesWithPods(world), before, after) };
  world.attachJson(attachment, mediaTypes.identities);
}
