import { z } from 'zod';
import { choices, suggest } from '../core/suggest.ts';
import type { Problem } from './consistency.ts';

type Path = readonly (string | number)[];
export interface LocatedProblem extends Problem {
  /** What the position should point at: the value, the key, or (of what is missing) the map it is missing from. */
  readonly at: 'value' | 'key' | 'parent';
}

/** Turns what zod says of a value into sentences with a cure, which the fields' descriptions give. */
export function describeIssue(schema: z.ZodType, value: unknown, issue: z.core.$ZodIssue): LocatedProblem[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  const input = path.reduce<unknown>((at, key) => (at as Record<string | number, unknown> | undefined)?.[key], value);
  const field = pathText(path);
  const cure = `write ${descriptionAt(schema, path) ?? 'what docs/topologies.md says'}`;
  const one = (message: string, at: LocatedProblem['at'] = 'value'): LocatedProblem[] => [{ path, message, cure, at }];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(schema, path);
      return issue.keys.map((key) => {
        const meant = suggest(key, known);
        const advice = meant === undefined ? `take it out; the keys here are ${choices(known, 'and')}` : `did you mean ${meant}? The keys here are ${choices(known, 'and')}`;
        return { path: [...path, key], message: `unknown key "${key}"${path.length === 0 ? '' : ` in ${field}`}`, cure: advice, at: 'key' };
      });
    }
    case 'invalid_key':
      return [{ path, message: `${field}: "${String(path.at(-1))}" is not a label key that Kubernetes takes`, cure: 'write a key such as rack or example.com/rack', at: 'key' }];
    case 'invalid_type': {
      if (input === undefined) return one(`${field} is missing`, 'parent');
      return one(`${field} is ${shown(input)}, not ${typeNames[issue.expected] ?? issue.expected}`);
    }
    case 'invalid_value':
      if (input === undefined) return one(`${field} is missing`, 'parent');
      return one(`${field} is ${shown(input)}, which edgeproof does not know`);
    case 'too_big':
      return one(issue.origin === 'string' || issue.origin === 'array' ? `${field} ${issue.message}` : `${field} is ${shown(input)}, more than ${String(issue.maximum)}`);
    case 'too_small':
      return one(issue.origin === 'string' || issue.origin === 'array' ? `${field} ${issue.message}` : `${field} is ${shown(input)}, less than ${String(issue.minimum)}`);
    default:
      return one(`${field} ${issue.message}`);
  }
}

const typeNames: Record<string, string> = { int: 'a whole number', number: 'a whole number', string: 'a text', array: 'a list', object: 'a map', record: 'a map' };

function shown(input: unknown): string {
  if (input === null) return 'empty';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object') return 'a map';
  if (typeof input === 'string') return JSON.stringify(input.length > 60 ? `${input.slice(0, 60)}…` : input);
  return typeof input === 'number' ? `the number ${input}` : String(input);
}

const pathText = (path: Path): string =>
  path.length === 0 ? 'the file' : path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');

/** The schemas from the outermost wrapper to the innermost, of the field at a path. */
function schemasAt(schema: z.ZodType, path: Path): z.ZodType[] {
  const layers = [schema];
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional) {
    inner = inner.unwrap() as z.ZodType;
    layers.push(inner);
  }
  const [key, ...rest] = path;
  if (key === undefined) return layers;
  let next: unknown;
  if (inner instanceof z.ZodObject) next = Object.hasOwn(inner.shape, key) ? inner.shape[key] : undefined;
  else if (inner instanceof z.ZodArray) next = inner.element;
  else if (inner instanceof z.ZodRecord) next = inner.valueType;
  return next === undefined ? [] : schemasAt(next as z.ZodType, rest);
}

const descriptionAt = (schema: z.ZodType, path: Path): string | undefined =>
  schemasAt(schema, path).map((layer) => layer.description).find((text) => text !== undefined);

function keysAt(schema: z.ZodType, path: Path): string[] {
  const inner = schemasAt(schema, path).at(-1);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}
