/** A Pod as the runtime names it (containerd's CNI_ARGS). */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  /** Of a static Pod: what the kubelet computes from its file, not the UID of its mirror in the API. */
  readonly uid: string;
}

/** Whose an address is: a Pod's; a bare container's; or, after a loss of the state, of whatever has it in a network namespace. */
export type Owner = { readonly pod: Pod } | { readonly container: string } | { readonly netns: string };

/** A sandbox that was ADDed and not DELeted. */
export interface Sandbox {
  /** CNI_CONTAINERID. */
  readonly container: string;
  /** CNI_NETNS. */
  readonly netns: string;
}

export interface Reservation {
  readonly owner: Owner;
  /** CNI_IFNAME: a container may be added more than once, with different names (CNI specification, ADD). */
  readonly ifname: string;
  /** At most one of each range set. */
  readonly addresses: readonly string[];
  readonly sandboxes: readonly Sandbox[];
  /** The state's count of changes when an ADD or a DEL was last about this one. */
  readonly change: number;
}

/** What is known of one network on this node. */
export interface State {
  /** How many changes there were. Not a time: a node's clock may be wrong when it boots. */
  readonly changes: number;
  /** The addresses given last, one of each range set. */
  readonly last: readonly string[];
  readonly reservations: readonly Reservation[];
}

export const emptyState: State = { changes: 0, last: [], reservations: [] };

export const podOf = ({ owner }: Reservation): Pod | undefined => ('pod' in owner ? owner.pod : undefined);

export const sameOwner = (a: Owner, b: Owner): boolean => {
  if ('pod' in a) return 'pod' in b && a.pod.uid === b.pod.uid && a.pod.name === b.pod.name && a.pod.namespace === b.pod.namespace;
  if ('container' in a) return 'container' in b && a.container === b.container;
  return 'netns' in b && a.netns === b.netns;
};

export function describeOwner(owner: Owner): string {
  if ('pod' in owner) return `Pod ${owner.pod.namespace}/${owner.pod.name} (${owner.pod.uid})`;
  return 'container' in owner ? `container ${owner.container}` : `whoever is in ${owner.netns}`;
}
