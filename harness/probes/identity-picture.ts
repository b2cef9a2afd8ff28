import type { NodeState } from '../cluster/state.ts';
import { overlayAddressOf } from './identity.ts';
import type { ApiPod, Identities } from './identities.ts';
import type { Reading, SandboxLook, Unread } from './identity-look.ts';

/** One thing that was said of somebody, at two moments. */
export interface Fact {
  /** What, and who said it: `MAC in the FDB of dev-worker`. */
  readonly what: string;
  /** Whoever says facts of the same must say the same at one moment: `MAC`. */
  readonly of?: string;
  readonly before: Reading;
  readonly after: Reading;
}

/** A node or a Pod at two moments. */
export interface SideBySide {
  readonly kind: 'node' | 'pod';
  /** Of a Pod with its namespace: `ns/app-7`. */
  readonly name: string;
  /** Of a Pod: where it was; of one that is elsewhere now, both. */
  readonly on?: string;
  readonly facts: readonly Fact[];
}

/** At one moment. */
type Said = Omit<Fact, 'before' | 'after'> & { readonly value: Reading };

const isUnread = (value: object | string | null | undefined): value is Unread => typeof value === 'object' && value !== null && 'unread' in value;
/** Of something that somebody was asked about: what is said of it, or why they did not answer. */
const read = <T extends object>(asked: T | Unread | undefined, say: (answer: T) => Reading): Reading => (asked === undefined ? { unread: 'nobody was asked' } : isUnread(asked) ? asked : say(asked));

/**
 * Who these nodes were at two moments, and the Pods on some of them. Pods that were being removed at the first moment, or came and were being removed
 * at the second, are somebody else's and left out.
 */
export function sideBySide(nodes: readonly NodeState[], withPods: readonly NodeState[], before: Identities, after: Identities): SideBySide[] {
  return [
    ...nodes.map((node): SideBySide => ({ kind: 'node', name: node.name, facts: joined(factsOfNode(node, nodes, before), factsOfNode(node, nodes, after)) })),
    ...podsOf(withPods, before, after),
  ];
}

const joined = (before: readonly Said[], after: readonly Said[]): Fact[] => before.map(({ value, ...what }, index) => ({ ...what, before: value, after: after[index]!.value }));

function factsOfNode({ name, address }: NodeState, nodes: readonly NodeState[], { nodes: looks, api }: Identities): Said[] {
  const known = isUnread(api) ? undefined : api.nodes.get(name);
  const gateway = known?.podCidr === undefined ? undefined : overlayAddressOf(known.podCidr);
  const peers = nodes.filter((one) => one.name !== name).flatMap((peer): Said[] => {
    const look = looks.get(peer.name);
    return [
      { what: `MAC in the FDB of ${peer.name}`, of: 'MAC', value: read(look, ({ forwards }) => forwards.filter(({ dst }) => dst === address).map(({ mac }) => mac).sort().join(', ') || null) },
      { what: `MAC in the ARP table of ${peer.name}`, of: 'MAC', value: read(look, ({ neighbours }) => (gateway === undefined ? { unread: 'the API did not say which address it has' } : (neighbours.find(({ dst }) => dst === gateway)?.mac ?? null))) },
    ];
  });
  return [
    { what: 'MAC of flannel.1', of: 'MAC', value: read(looks.get(name), ({ mac }) => mac) },
    { what: 'MAC in its annotation', of: 'MAC', value: read(api, () => known?.mac ?? null) },
    ...peers,
  ];
}

/** A Pod at one moment: where, and what is known of it there and in the API. */
interface Seen {
  readonly node: string;
  readonly sandbox: SandboxLook | undefined;
  readonly known: ApiPod | undefined;
}

function podsOf(nodes: readonly NodeState[], before: Identities, after: Identities): SideBySide[] {
  const [was, is] = [seenIn(nodes, before), seenIn(nodes, after)];
  return [...new Set([...was.keys(), ...is.keys()])].sort().flatMap((name): SideBySide[] => {
    const [then, now] = [was.get(name), is.get(name)];
    if (isLeaving(before, then) || (then === undefined && isLeaving(after, now))) return [];
    const at = then?.node ?? now!.node;
    const on = now === undefined || now.node === at ? at : `${at}, then ${now.node}`;
    return [{ kind: 'pod', name, on, facts: joined(factsOfPod(then, at, before), factsOfPod(now, now?.node ?? at, after)) }];
  });
}

function seenIn(nodes: readonly NodeState[], { nodes: looks, api }: Identities): Map<string, Seen> {
  const wanted = isUnread(api) ? [] : api.pods.filter(({ node }) => nodes.some(({ name }) => name === node));
  const seen = new Map(wanted.map((known): [string, Seen] => [`${known.namespace}/${known.name}`, { node: known.node, sandbox: undefined, known }]));
  for (const { name: node } of nodes) {
    const look = looks.get(node);
    if (look === undefined || isUnread(look) || isUnread(look.sandboxes)) continue;
    for (const sandbox of look.sandboxes) {
      const name = `${sandbox.namespace}/${sandbox.name}`;
      const { known } = seen.get(name) ?? { known: undefined };
      // One that has ended and of which nobody knows any more waits for the kubelet to throw it away.
      if (known === undefined && !sandbox.ready) continue;
      if (known === undefined || known.node === node || sandbox.ready) seen.set(name, { node, sandbox, known });
    }
  }
  return seen;
}

const isLeaving = ({ api }: Identities, seen: Seen | undefined): boolean => seen !== undefined && (seen.known === undefined ? !isUnread(api) : seen.known.leaving);

function factsOfPod(seen: Seen | undefined, node: string, { nodes: looks, api }: Identities): Said[] {
  const look = looks.get(node);
  const there = look === undefined || isUnread(look) ? look : look.sandboxes;
  const onNode = (say: (sandbox: SandboxLook) => Reading): Reading => read(there, () => (seen?.sandbox === undefined ? null : say(seen.sandbox)));
  const inApi = (say: (pod: ApiPod) => Reading): Reading => read(api, () => (seen?.known === undefined ? null : say(seen.known)));
  return [
    { what: 'address on its interface', of: 'address', value: onNode(({ address }) => address) },
    { what: 'address in the API', of: 'address', value: inApi(({ address }) => address) },
    { what: 'UID on its node', of: 'UID', value: onNode(({ uid }) => uid) },
    { what: 'UID in the API', of: 'UID', value: inApi(({ uid }) => uid) },
    { what: 'phase in the API', value: inApi(({ phase, leaving }) => (leaving ? `${phase}, to be deleted` : phase)) },
  ];
}
