import parseTags from '@cucumber/tag-expressions';
import type { Scenario } from './catalogue.ts';

/** Takes longer than anybody waits for a yes or no: over two minutes; or nothing can follow it, or it needs a topology of its own. Such scenarios run only when they are asked for: `npm run soak`. */
export const soakTag = '@soak';

const isSoak = ({ tags }: Scenario): boolean => tags.includes(soakTag);

/** Tags that speak of soaks ask for them, and those that select nothing else: somebody who names one promise wants that one. */
function asksForSoak(catalogue: readonly Scenario[], tags: string | undefined): boolean {
  if (tags === undefined) return false;
  if (/@soak(?![\w-])/.test(tags)) return true;
  const wanted = parseTags(tags);
  const selected = catalogue.filter((scenario) => wanted.evaluate([...scenario.tags]));
  return selected.length > 0 && selected.every(isSoak);
}

/** A tag expression that leaves soaks out, unless the tags that the user gave ask for them. */
export function withoutSoak(catalogue: readonly Scenario[], tags: string | undefined, selection = tags): string {
  if (selection === undefined) return `not ${soakTag}`;
  return asksForSoak(catalogue, tags) ? selection : `(${selection}) and not ${soakTag}`;
}

/** The scenarios that a run with these tags is about: without soaks, unless the tags ask for them. */
export const aboutRun = (catalogue: readonly Scenario[], tags: string | undefined): readonly Scenario[] =>
  asksForSoak(catalogue, tags) ? catalogue : catalogue.filter((scenario) => !isSoak(scenario));
