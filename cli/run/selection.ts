import parseTags from '@cucumber/tag-expressions';
import { UsageError } from '../../core/errors.ts';
import type { Scenario } from '../../features/catalogue.ts';
import type { Implementation } from '../../harness/implementation.ts';

/**
 * The tag expression for what an implementation claims, as far as `tags` select it.
 *
 * @throws UsageError when that is nothing: said before a cluster is booted for it. To Cucumber, nothing would mean everything.
 */
export function selectionOf({ name, claims }: Pick<Implementation, 'name' | 'claims'>, tags: string | undefined, catalogue: readonly Scenario[]): string {
  const next = 'docs/promises.md lists the scenarios by capability';
  const claimed = catalogue.filter(({ capability }) => claims.includes(capability));
  if (claimed.length === 0) throw new UsageError(`${name} claims ${claims.length === 0 ? 'nothing' : `only ${claims.join(', ')}, which has no scenario yet`}, so there is nothing to grade`, { next });
  const expression = claims.map((capability) => `@${capability}`).join(' or ');
  if (tags === undefined) return expression;
  const wanted = parseTags(tags);
  if (claimed.some((scenario) => wanted.evaluate([...scenario.tags]))) return `(${expression}) and (${tags})`;
  throw new UsageError(`--tags '${tags}' selects only what ${name} does not claim; it claims ${claims.join(', ')}`, { next });
}
