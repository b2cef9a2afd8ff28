import { firstTag, lastTag } from '../../features/tags.ts';
import { isControl, wantedBy } from './ground.ts';

interface Tagged {
  readonly pickle: { readonly tags: readonly { readonly name: string }[] };
}

interface Context {
  transform(event: 'pickles:order', transformer: (pickles: readonly Tagged[]) => Tagged[]): void;
}

/** @internal What runs beside more of its kind comes first; of those on one site those that fit fewer sites, so that the others can run beside each of them. */
export function turnOf({ pickle }: Tagged): number {
  const tags = pickle.tags.map(({ name }) => name);
  if (tags.includes(lastTag)) return 4;
  const { ground, neighbour } = wantedBy(tags, isControl());
  if (ground === 'one-site' && tags.includes(firstTag)) return 0.5;
  return { namespace: 0, 'one-site': neighbour ? 1 : 2, everything: 3 }[ground];
}

/**
 * Cucumber plugin: what may run beside others comes first. Cucumber asks a worker for which it once had nothing to do
 * never again, so one scenario that must be alone would leave all that follow to one worker.
 */
export default {
  type: 'plugin',
  coordinator({ transform }: Context): void {
    transform('pickles:order', (pickles) => pickles.toSorted((a, b) => turnOf(a) - turnOf(b)));
  },
};
