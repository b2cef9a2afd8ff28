import { z } from 'zod';
import { UsageError } from '../core/errors.ts';
import { choices, suggest } from '../core/suggest.ts';
import type { FaultKind } from './fault-kinds.ts';
import { parametersOf, withDefaults, type ChosenParameters } from './fault-parameters.ts';

/** Less, and a link that nothing was done to might be taken for it. */
const leastDelayMs = 50;

/**
 * Reads settings as they are typed: `latencyMs=300`.
 *
 * @throws UsageError for one that the kind does not have, that is no number or not within its bounds, or that is there twice
 */
export function readParameters(kind: FaultKind, settings: readonly string[]): ChosenParameters {
  const specs = parametersOf(kind);
  const names = Object.keys(specs);
  const typed: Record<string, string> = {};
  for (const setting of settings) {
    const [, name = setting, value] = /^([^=]*)=(.*)$/s.exec(setting) ?? [];
    if (names.length === 0) throw new UsageError(`${kind} has no parameters`, { next: 'edgeproof fault list --kinds shows those that have some' });
    if (!names.includes(name)) {
      const meant = suggest(name, names);
      throw new UsageError(`${kind} has no parameter "${name}"${meant === undefined ? '' : `; did you mean ${meant}?`}`, { next: `set ${choices(names)}` });
    }
    if (value === undefined) throw new UsageError(`"${setting}" does not say what ${name} is to be`, { next: `write ${name}=${specs[name]!.default}` });
    if (name in typed) throw new UsageError(`${name} is set twice`, { next: 'set it once' });
    typed[name] = value;
  }
  const shape = z.object(Object.fromEntries(names.map((name) => {
    const { least, most } = specs[name]!;
    return [name, z.string().regex(/^\d+$/).transform(Number).pipe(z.int().min(least).max(most)).optional()];
  })));
  const read = shape.safeParse(typed);
  if (!read.success) {
    const name = String(read.error.issues[0]!.path[0]);
    const { least, most, unit } = specs[name]!;
    throw new UsageError(`${name} of ${kind} is "${typed[name]}", not a whole number of ${unit} from ${least} to ${most}`, { next: 'edgeproof fault list --kinds shows what can be set' });
  }
  const chosen = Object.fromEntries(Object.entries(read.data).filter((entry): entry is [string, number] => entry[1] !== undefined));
  if (kind === 'wan-latency') {
    const { latencyMs, jitterMs } = withDefaults('wan-latency', chosen);
    if (latencyMs - jitterMs < leastDelayMs) throw new UsageError(`a latency of ${latencyMs} ms with a jitter of ${jitterMs} ms may be as little as ${Math.max(0, latencyMs - jitterMs)} ms, and below ${leastDelayMs} ms nobody could tell it from none`, { next: 'set a smaller jitterMs, or a larger latencyMs' });
  }
  return chosen;
}
