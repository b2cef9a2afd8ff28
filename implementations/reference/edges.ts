import { allDone } from '../../core/all-done.ts';
import type { NodeState } from '../../harness/cluster/state.ts';
import type { InstallContext } from '../../harness/implementation.ts';
import { leadToHubs, placeHubs, removeHubs, removeOneHub } from './hub/install.ts';
import { installNetwork, nodesKnownByName, removeNetwork } from './network/install.ts';

/**
 * What makes a node an edge node, in an order: the network's programs are of the hub's copy of the image, and ask the API server
 * through it. And whoever gives addresses may change only while no Pod asks for one.
 */
export async function installEdges(context: InstallContext): Promise<void> {
  await placeHubs(context);
  await allDone([leadToHubs(context), installNetwork(context)]);
  await nodesKnownByName(context);
}

/** Leaves plain nodes. */
export async function removeEdges(context: InstallContext): Promise<void> {
  await removeNetwork(context);
  await removeHubs(context);
}

/** Leaves one plain node beside others that stay what they are. `installEdges` makes it one of them again. */
export async function makePlain(context: InstallContext, node: NodeState): Promise<void> {
  await removeNetwork(context, [node]);
  await removeOneHub(context, node);
}
