import { edgeNodes } from '../../harness/cluster/state.ts';
import { describeEdgeSide, edgeSideOf } from '../../harness/probes/edge-side.ts';
import type { EdgeWorld } from './world.ts';

/** The connections to the tunnel that each edge node has, by their ends. */
export type TunnelSessions = ReadonlyMap<string, ReadonlySet<string>>;

/** Those of all edge nodes, by the nodes themselves: no implementation is asked. */
export async function tunnelSessions({ docker, cluster, signal }: EdgeWorld): Promise<TunnelSessions> {
  return new Map(await Promise.all(edgeNodes(cluster).map(async ({ name }) => {
    const open = (await edgeSideOf(docker, cluster, name, signal)).filter(({ service }) => service === 'tunnel');
    return [name, new Set(open.map(describeEdgeSide))] as const;
  })));
}

/** The nodes that have no connection but those they had before. */
export const notAnew = (before: TunnelSessions, now: TunnelSessions): string[] =>
  [...now].filter(([node, open]) => open.difference(before.get(node) ?? new Set()).size === 0).map(([node]) => node);
