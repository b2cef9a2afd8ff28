import type { KubeItem } from '../../kube/list-watch.ts';

/** As the API has it (core/v1). */
export interface Toleration {
  readonly key?: string;
  readonly operator?: 'Exists' | 'Equal';
  readonly value?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
}

export interface KubePod extends KubeItem {
  readonly metadata: KubeItem['metadata'] & { readonly annotations?: Readonly<Record<string, string>>; readonly deletionTimestamp?: string };
  readonly spec?: { readonly nodeName?: string; readonly tolerations?: readonly Toleration[] };
  readonly status?: { readonly phase?: string };
}

/** What the cloud puts on a node that it does not hear of any more; who does not tolerate them is evicted. */
const taints = ['node.kubernetes.io/unreachable', 'node.kubernetes.io/not-ready'] as const;
const effect = 'NoExecute';

/** On a Pod: what it tolerated before, as JSON: the seconds of each taint, `null` where it had no toleration. */
export const beforeAnnotation = 'edge-hub.edgeproof.dev/tolerated-before';

type Before = Record<string, number | null>;

/** The parts of a Pod that must change, as a merge patch. */
export interface PodPatch {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string; readonly annotations: Readonly<Record<string, string | null>> };
  readonly spec: { readonly tolerations: readonly Toleration[] };
}

/** These taints have no value: who tolerates one with a value tolerates another taint. */
const hasNoValue = ({ value = '' }: Toleration): boolean => value === '';

/** Whether a toleration is about this taint and may say for how long: the API wants the effect named for that. */
const isFor = (taint: string, one: Toleration): boolean => one.key === taint && one.effect === effect && hasNoValue(one);

/**
 * Whether nothing is to be done about a taint: it is tolerated for ever; or a toleration of everything says for how long,
 * which is somebody's own word, and the shortest time counts.
 */
const settled = (taint: string, all: readonly Toleration[]): boolean => {
  if (all.some((one) => one.key === undefined && (one.effect === undefined || one.effect === effect))) return true;
  const mine = all.filter((one) => one.key === taint && hasNoValue(one) && (one.effect === undefined || one.effect === effect));
  return mine.length > 0 && mine.every(({ tolerationSeconds }) => tolerationSeconds === undefined);
};

/**
 * What makes a Pod stay on its node while the cloud does not hear of the node (`stays`), or gives back what it was made of.
 * The API lets nobody take a toleration away; its seconds may change, and 0 is as good as none.
 *
 * @returns undefined when there is nothing to do
 */
export function tolerationPatch(pod: KubePod, stays: boolean): PodPatch | undefined {
  const now = pod.spec?.tolerations ?? [];
  const before = readBefore(pod);
  const changed = stays ? enduring(now, before) : restored(now, before);
  if (changed === undefined) return undefined;
  const { uid = '', resourceVersion = '' } = pod.metadata;
  return {
    metadata: { uid, resourceVersion, annotations: { [beforeAnnotation]: changed.before === undefined ? null : JSON.stringify(changed.before) } },
    spec: { tolerations: changed.tolerations },
  };
}

interface Changed {
  readonly tolerations: readonly Toleration[];
  readonly before: Before | undefined;
}

function enduring(now: readonly Toleration[], known: Before | undefined): Changed | undefined {
  const lacking = taints.filter((taint) => !settled(taint, now));
  if (lacking.length === 0) return undefined;
  const before: Before = { ...known };
  let tolerations = [...now];
  for (const taint of lacking) {
    const mine = tolerations.find((one) => isFor(taint, one));
    if (!(taint in before)) before[taint] = mine?.tolerationSeconds ?? null;
    if (mine === undefined) tolerations.push({ key: taint, operator: 'Exists', effect });
    else tolerations = tolerations.map((one) => (isFor(taint, one) ? withSeconds(one, undefined) : one));
  }
  return { tolerations, before };
}

function restored(now: readonly Toleration[], before: Before | undefined): Changed | undefined {
  if (before === undefined) return undefined;
  const tolerations = now.map((one) => {
    const taint = taints.find((name) => isFor(name, one));
    return taint === undefined || !(taint in before) ? one : withSeconds(one, before[taint] ?? 0);
  });
  return { tolerations, before: undefined };
}

function withSeconds({ tolerationSeconds: _, ...rest }: Toleration, seconds: number | undefined): Toleration {
  return seconds === undefined ? rest : { ...rest, tolerationSeconds: seconds };
}

function readBefore({ metadata }: KubePod): Before | undefined {
  try {
    const value: unknown = JSON.parse(metadata.annotations?.[beforeAnnotation] ?? '');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Before) : undefined;
  } catch {
    return undefined; // somebody else's words: what it was made of is not known, so nothing is given back
  }
}
