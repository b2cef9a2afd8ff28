import { isControl, runsSideBySide } from './side-by-side.ts';

interface Tagged {
  readonly pickle: { readonly tags: readonly { readonly name: string }[] };
}

interface Context {
  transform(event: 'pickles:order', transformer: (pickles: readonly Tagged[]) => Tagged[]): void;
}

/**
 * Cucumber plugin: what may run side by side comes first. Cucumber asks a worker for which it once had nothing to do
 * never again, so one scenario that must be alone would leave all that follow to one worker.
 */
export default {
  type: 'plugin',
  coordinator({ transform }: Context): void {
    transform('pickles:order', (pickles) => {
      const first = ({ pickle }: Tagged): boolean => runsSideBySide(pickle.tags.map(({ name }) => name), isControl());
      return [...pickles.filter(first), ...pickles.filter((one) => !first(one))];
    });
  },
};
