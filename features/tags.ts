import { capabilities, isCapability, type Capability } from '../core/capabilities.ts';

/** What the tags of a scenario say of it. */
export interface TagFacts {
  readonly promise: string;
  readonly capability: Capability;
  readonly baseline: boolean;
  readonly stockCode?: string;
}

/** Breaks nothing but Pods of its own, and has room for others on the machine: such scenarios run several at a time. */
export const sideBySideTag = '@side-by-side';
/** Breaks nothing outside of one site, and looks at nothing there: such scenarios run at the same time, each on a site of its own. */
export const oneSiteTag = '@one-site';
/** Leaves a cluster on which nothing else can be seen: it runs after all others. */
export const lastTag = '@last';
/**
 * Of those on one site it comes first: it restarts what it looks at, and a kubelet starts a container again at once only where none of its Pod has ended in the last ten minutes, as
 * after a restart of its node. The second time it waits 10 s, then 20.
 */
export const firstTag = '@first';
/** Needs a site with two nodes, and is skipped where there is none. */
export const neighbourTag = '@needs-neighbour';
/** Needs two sites, and is skipped where there is one. */
export const twoSitesTag = '@needs-two-sites';
/** Needs nodes whose addresses for Pods can all be taken, and is skipped where each has more than 32. */
export const smallRangeTag = '@needs-small-range';

const idPattern = /^[a-z0-9]+(-[a-z0-9]+)+$/;
const codePattern = /^[A-Z][A-Z0-9_]*$/;
const list = (tags: readonly string[]): string => tags.join(' ');
const isPromiseTag = (tag: string): boolean => capabilities.some((capability) => tag.startsWith(`@${capability}-`));
const isStockTag = (tag: string): boolean => /^@stock(:|$)/.test(tag);

/** The promise that a scenario's tags (with their `@`) name, or undefined: for pickles in Cucumber's messages. */
export function promiseOfTags(tags: readonly string[]): string | undefined {
  return tags.find(isPromiseTag)?.slice(1);
}

/** The code with which plain Kubernetes breaks a scenario of these tags (with their `@`); undefined when it keeps it. */
export const stockCodeOf = (tags: readonly string[]): string | undefined => tags.find((tag) => tag.startsWith('@stock:'))?.slice('@stock:'.length);

/** Whether a scenario of these tags failed as plain Kubernetes must. @param reason the message of what it failed with, which begins with its code */
export function failedAsNamed(tags: readonly string[], reason: string | undefined): boolean {
  const code = stockCodeOf(tags);
  return code !== undefined && reason?.startsWith(`[${code}]`) === true;
}

/**
 * Reads the tags that every scenario must carry: its capability (the name of its folder), the id of its promise, and
 * how plain Kubernetes does.
 *
 * @param rowTags tags of the scenario's Examples, which may carry none of those.
 * @param problems gets a sentence with its cure for each rule that is broken; then the result is undefined.
 */
export function readTags(uri: string, tags: readonly string[], rowTags: readonly string[], problems: string[]): TagFacts | undefined {
  const before = problems.length;
  const folder = uri.split('/')[1] ?? '';
  if (!isCapability(folder)) {
    problems.push(`it is in features/${folder}, which is no capability; move the file into one of ${capabilities.map((name) => `features/${name}/`).join(', ')}`);
    return undefined;
  }
  const capabilityTags = tags.filter((tag) => isCapability(tag.slice(1)));
  if (capabilityTags.length === 0) problems.push(`it has no capability tag; add @${folder}, best above the Feature`);
  else if (list(capabilityTags) !== `@${folder}`) {
    problems.push(`its capability tag must be @${folder}, as its folder; it has ${list(capabilityTags)}`);
  }

  const promiseTags = tags.filter(isPromiseTag);
  const promise = promiseTags[0]?.slice(1) ?? '';
  if (promiseTags.length === 0) problems.push(`it has no promise tag; add one like @${folder}-what-holds`);
  else if (promiseTags.length > 1) problems.push(`it has ${promiseTags.length} promise tags (${list(promiseTags)}); keep one`);
  else if (!promise.startsWith(`${folder}-`)) problems.push(`its promise tag @${promise} must start with its capability: @${folder}-…`);
  else if (!idPattern.test(promise)) problems.push(`its promise tag @${promise} must be lower-case words joined by dashes: @${folder}-what-holds`);

  const baseline = tags.includes('@baseline');
  const stockTags = tags.filter(isStockTag);
  const stockCode = stockCodeOf(tags) ?? '';
  if (Number(baseline) + stockTags.length !== 1) {
    const has = baseline || stockTags.length > 0 ? list([...(baseline ? ['@baseline'] : []), ...stockTags]) : 'neither';
    problems.push(`it needs exactly one of @baseline (plain Kubernetes keeps it too) or @stock:CODE (how plain Kubernetes breaks it); it has ${has}`);
  } else if (!baseline && !codePattern.test(stockCode)) {
    problems.push(`${stockTags[0]} does not name a code; write it like @stock:POD_IP_CHANGED`);
  }

  const besideOneSite = [sideBySideTag, twoSitesTag].filter((tag) => tags.includes(tag));
  if (tags.includes(oneSiteTag) && besideOneSite.length > 0) problems.push(`it has ${oneSiteTag} and ${list(besideOneSite)}; keep one, as it stands on one site or does not`);

  const misplaced = rowTags.filter((tag) => tag === '@baseline' || isStockTag(tag) || isPromiseTag(tag) || isCapability(tag.slice(1)));
  if (misplaced.length > 0) problems.push(`its Examples carry ${list(misplaced)}; an outline is one promise: move the tag above the scenario or remove it`);
  if (problems.length > before) return undefined;
  return { promise, capability: folder, baseline, ...(baseline ? {} : { stockCode }) };
}

/** What is needed of a pickle of Cucumber's messages to name what is kept of it. */
export interface NamedPickle {
  readonly name: string;
  readonly tags: readonly { readonly name: string }[];
  /** Two of an outline: the scenario and the row. */
  readonly astNodeIds: readonly string[];
  readonly location?: { readonly line: number };
}

/**
 * A name for what is kept of one run of a scenario, as the folder of its logs: its promise, and of an outline the
 * line of the row: `tunnel-exec-exit-code-line-18`.
 */
export function caseSlug(pickle: NamedPickle): string {
  const name = promiseOfTags(pickle.tags.map((tag) => tag.name)) ?? pickle.name;
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '').slice(0, 100) || 'scenario';
  return pickle.astNodeIds.length > 1 ? `${slug}-line-${pickle.location?.line ?? 0}` : slug;
}
