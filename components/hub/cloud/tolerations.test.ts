import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { beforeAnnotation, tolerationPatch, type KubePod, type PodPatch, type Toleration } from './tolerations.ts';

const unreachable = 'node.kubernetes.io/unreachable';
const notReady = 'node.kubernetes.io/not-ready';
const of = (tolerations: readonly Toleration[], before?: string): KubePod => ({
  metadata: { name: 'p', namespace: 'n', uid: 'u', resourceVersion: '7', ...(before !== undefined && { annotations: { [beforeAnnotation]: before } }) },
  spec: { nodeName: 'edge', tolerations },
});

/** What the API makes of a patch. */
const applied = (pod: KubePod, patch: PodPatch): KubePod => of(patch.spec.tolerations, patch.metadata.annotations[beforeAnnotation] ?? undefined);

/** Seconds until an eviction, as Kubernetes counts them (tainteviction, getMinTolerationTime); undefined: never. 0: not tolerated. */
function secondsOf(pod: KubePod, taint: string): number | undefined {
  const about = (pod.spec?.tolerations ?? []).filter(({ key, effect }) => (key === undefined || key === taint) && (effect === undefined || effect === 'NoExecute'));
  if (about.length === 0) return 0;
  const seconds = about.flatMap(({ tolerationSeconds }) => (tolerationSeconds === undefined ? [] : [tolerationSeconds]));
  return seconds.length === 0 ? undefined : Math.min(...seconds);
}

const usual: readonly Toleration[] = [notReady, unreachable].map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }));

test('a Pod with the usual tolerations stays for ever, and has its 300 s back afterwards', () => {
  const stays = applied(of(usual), tolerationPatch(of(usual), true)!);
  assert.deepEqual(stays.spec?.tolerations, usual.map(({ tolerationSeconds: _, ...rest }) => rest));
  assert.equal(tolerationPatch(stays, true), undefined);
  const again = tolerationPatch(stays, false)!;
  assert.deepEqual(again.spec.tolerations, usual);
  assert.deepEqual(again.metadata, { uid: 'u', resourceVersion: '7', annotations: { [beforeAnnotation]: null } });
  assert.equal(tolerationPatch(applied(stays, again), false), undefined);
});

test('one that tolerated nothing is evicted at once again, although the API lets nobody take a toleration away', () => {
  const stays = applied(of([]), tolerationPatch(of([]), true)!);
  assert.equal(secondsOf(stays, unreachable), undefined);
  const again = applied(stays, tolerationPatch(stays, false)!);
  assert.equal(secondsOf(again, unreachable), 0);
  assert.equal(again.spec?.tolerations?.length, 2);
});

test('who tolerates everything is left alone, whatever time it says', () => {
  for (const all of [{ operator: 'Exists' }, { operator: 'Exists', tolerationSeconds: 60 }, { operator: 'Exists', effect: 'NoExecute' }] as const) assert.equal(tolerationPatch(of([all]), true), undefined);
  assert.ok(tolerationPatch(of([{ operator: 'Exists', effect: 'NoSchedule' }]), true));
});

test('who tolerates a taint of that name with a value does not tolerate this one, which has none', () => {
  const valued: readonly Toleration[] = [notReady, unreachable].map((key) => ({ key, operator: 'Equal', value: 'x', effect: 'NoExecute' }));
  const stays = applied(of(valued), tolerationPatch(of(valued), true)!);
  assert.deepEqual(stays.spec?.tolerations, [...valued, ...[unreachable, notReady].map((key) => ({ key, operator: 'Exists', effect: 'NoExecute' }))]);
  assert.equal(tolerationPatch(of(valued.map((one) => ({ ...one, value: '' }))), true), undefined);
});

test('a Pod that was never touched, or whose annotation is somebody else\'s, is not given anything back', () => {
  assert.equal(tolerationPatch(of(usual), false), undefined);
  for (const words of ['', 'x', '[]', 'null', '7']) assert.equal(tolerationPatch(of(usual, words), false), undefined);
});

const about = { key: fc.constantFrom(unreachable, notReady, 'other'), operator: fc.constant('Exists' as const) };
const toleration: fc.Arbitrary<Toleration> = fc.oneof(
  fc.record({ ...about, effect: fc.constant('NoExecute'), tolerationSeconds: fc.integer({ min: 0, max: 900 }) }, { requiredKeys: ['key', 'operator', 'effect'] }),
  fc.record({ ...about, effect: fc.constant('NoSchedule') }, { requiredKeys: ['key', 'operator'] }),
);

test('whatever a Pod tolerates: it stays, nothing is taken away, and all is as it was in the end', () => {
  fc.assert(fc.property(fc.uniqueArray(toleration, { selector: ({ key, effect }) => `${key} ${effect}`, maxLength: 6 }), (tolerations) => {
    const pod = of(tolerations);
    const patch = tolerationPatch(pod, true);
    const stays = patch === undefined ? pod : applied(pod, patch);
    for (const taint of [unreachable, notReady]) assert.equal(secondsOf(stays, taint), undefined);
    assert.equal(tolerationPatch(stays, true), undefined);
    const back = tolerationPatch(stays, false);
    const end = back === undefined ? stays : applied(stays, back);
    for (const taint of [unreachable, notReady]) assert.equal(secondsOf(end, taint), secondsOf(pod, taint));
    // The API's own rule (validateOnlyAddedTolerations): each old one is still there, but for its seconds.
    for (const after of [stays, end]) {
      for (const { tolerationSeconds: _, ...old } of tolerations) assert.ok(after.spec?.tolerations?.some(({ tolerationSeconds: __, ...one }) => JSON.stringify(one) === JSON.stringify(old)));
    }
    assert.equal(tolerationPatch(end, false), undefined);
  }));
});
