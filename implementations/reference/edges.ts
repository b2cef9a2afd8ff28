import type { NodeState } from '../../harness/cluster/state.ts';
import type { InstallContext } from '../../harness/implementation.ts';
import { installHubs, removeHubs, removeOneHub } from './hub/install.ts';
import { installNetwork, removeNetwork } from './network/install.ts';

/** What makes a node an edge node, in an order: the network's programs are of the hub's copy of the image, and ask the API server through it. */
export async function installEdges(context: InstallContext): Promise<void> {
  await installHubs(context);
  await installNetwork(context);
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
