import { parseArgs } from 'node:util';
import { z } from 'zod';
import { UsageError } from '../../../core/errors.ts';

/** A flag's value is a text; these make of it what it means. */
export const flag = {
  text: z.string().min(1),
  optionalText: z.string().min(1).optional(),
  ms: (fallback: number) => z.coerce.number().int().positive().default(fallback),
  bytes: (fallback: number) => z.coerce.number().int().positive().default(fallback),
  address: (fallback?: string) => {
    const address = z.string().regex(/^(\[[0-9a-f:]*\]|[\w.-]*):\d{1,5}$/i, 'must be HOST:PORT, and HOST may be left out').transform((text) => {
      const at = text.lastIndexOf(':');
      return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
    });
    return fallback === undefined ? address : address.default(fallback === '' ? { host: '', port: 0 } : { host: fallback.slice(0, fallback.lastIndexOf(':')), port: Number(fallback.slice(fallback.lastIndexOf(':') + 1)) });
  },
  list: z.string().default('').transform((text) => text.split(',').map((one) => one.trim()).filter((one) => one !== '')),
} as const;

/**
 * Reads `--some-flag VALUE` into the shape's `someFlag`.
 *
 * @throws UsageError with every flag that is wrong
 */
export function parseFlags<Shape extends z.ZodRawShape>(shape: Shape, argv: readonly string[]): z.infer<z.ZodObject<Shape>> {
  const names = Object.keys(shape).map((key) => [key, key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)] as const);
  let values: Record<string, unknown>;
  try {
    ({ values } = parseArgs({ args: [...argv], strict: true, options: Object.fromEntries(names.map(([, name]) => [name, { type: 'string' as const }])) }));
  } catch (error) {
    throw new UsageError((error as Error).message, { next: `flags: ${names.map(([, name]) => `--${name}`).join(', ')}` });
  }
  const parsed = z.object(shape).safeParse(Object.fromEntries(names.map(([key, name]) => [key, values[name]]).filter(([, value]) => value !== undefined)));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `--${names.find(([key]) => key === path[0])?.[1] ?? String(path[0])}: ${message}`);
  throw new UsageError(problems.join('\n'));
}
