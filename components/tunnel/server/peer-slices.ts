import type { KubeItem } from '../../kube/list-watch.ts';
import type { Peer } from './peers.ts';

/** What is needed of an EndpointSlice (discovery.k8s.io/v1). */
export interface KubeEndpointSlice extends KubeItem {
  readonly endpoints?: readonly { readonly addresses: readonly string[]; readonly targetRef?: { readonly kind?: string; readonly name?: string } }[];
}

/** All servers that the slices name, ready or not: a draining one still has streams to carry. */
export function peersIn(slices: Iterable<KubeEndpointSlice>): Peer[] {
  const peers = new Map<string, Peer>();
  for (const { endpoints } of slices) {
    for (const { addresses, targetRef } of endpoints ?? []) {
      const [address] = addresses;
      if (targetRef?.kind === 'Pod' && targetRef.name !== undefined && address !== undefined) peers.set(targetRef.name, { name: targetRef.name, address });
    }
  }
  return [...peers.values()];
}
