import type { Scenario } from './catalogue.ts';

/** Takes longer than anybody waits for a yes or no: over two minutes; or nothing can follow it, or it needs a topology of its own. Such scenarios run only when they are asked for: `npm run soak`. */
export const soakTag = '@soak';

const asksForSoak = (tags: string | undefined): boolean => tags !== undefined && /@soak(?![\w-])/.test(tags);

/** A tag expression that leaves soaks out, unless it says something of them itself. */
export function withoutSoak(tags: string | undefined): string {
  if (tags === undefined) return `not ${soakTag}`;
  return asksForSoak(tags) ? tags : `(${tags}) and not ${soakTag}`;
}

/** The scenarios that a run with these tags is about: without soaks, unless the tags speak of them. */
export const aboutRun = (catalogue: readonly Scenario[], tags: string | undefined): readonly Scenario[] =>
  asksForSoak(tags) ? catalogue : catalogue.filter((scenario) => !scenario.tags.includes(soakTag));
