import { allDone } from '../../core/all-done.ts';
import type { NodeState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import { identityOf, type PodIdentity } from './identity.ts';
import { podsOn, type NodePod } from './pods-on-node.ts';

/**
 * Who has which address on a node, each read from the Pod's own interface: of every Pod with a sandbox and an address of its own.
 *
 * @throws as `identityOf` does, unless the Pod's sandbox has ended meanwhile
 */
export async function addressesOn(docker: Docker, { name, address }: Pick<NodeState, 'name' | 'address'>, signal?: AbortSignal): Promise<PodIdentity[]> {
  const pods = (await podsOn(docker, name, signal)).filter(({ sandbox }) => sandbox.ready);
  const found = await allDone(pods.map(async (pod) => {
    try {
      return [await identityOf(docker, pod, signal)];
    } catch (error) {
      if (await isThere(docker, pod, signal)) throw error;
      return [];
    }
  }));
  return found.flat().filter(({ ip }) => ip !== address);
}

const isThere = async (docker: Docker, { node, sandbox }: NodePod, signal: AbortSignal | undefined): Promise<boolean> =>
  (await podsOn(docker, node, signal)).some((one) => one.sandbox.id === sandbox.id && one.sandbox.ready);

/** A sentence on each address that several Pods have. */
export function sharedAddresses(pods: readonly PodIdentity[]): string[] {
  const owners = Map.groupBy(pods, ({ ip }) => ip);
  return [...owners].filter(([, some]) => some.length > 1).map(([ip, some]) => `${some.map(({ namespace, name }) => `${namespace}/${name}`).join(' and ')} on ${some[0]!.node} have ${ip} both`);
}
