import { isIPv4 } from 'node:net';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { UsageError } from '../../../core/errors.ts';
import type { HostPort } from './host-port.ts';

/** The longest that a timer of Node can be set to. Milliseconds. */
const maxTimerMs = 2 ** 31 - 1;

const number = (what: string, max: number) => z.string().regex(/^\d{1,15}$/, `must be ${what}`).transform(Number).refine((value) => value >= 1 && value <= max, `must be ${what}, between 1 and ${max}`);
const texts = z.string().transform((text) => text.split(',').map((one) => one.trim()).filter((one) => one !== ''));

const address = z.string().regex(/^(\[[0-9a-f:]*\]|[\w.-]*):\d{1,5}$/i, 'must be HOST:PORT').transform((text): HostPort => {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}).refine(({ port }) => port <= 65_535, 'must have a port up to 65535');

const isCidr = (text: string): boolean => {
  const [network = '', bits = ''] = text.split('/');
  return isIPv4(network) && /^\d{1,2}$/.test(bits) && Number(bits) <= 32;
};

/** A flag's value is a text; these make of it what it means. */
export const flag = {
  text: z.string().min(1, 'must not be empty'),
  optionalText: z.string().min(1, 'must not be empty').optional(),
  ms: (fallback: number) => number('a whole number of milliseconds', maxTimerMs).default(fallback),
  bytes: (fallback: number) => number('a whole number of bytes', Number.MAX_SAFE_INTEGER).default(fallback),
  port: (fallback: number) => number('a TCP port', 65_535).default(fallback),
  /** Where to listen; the host may be left out, for all addresses. */
  listen: (host: string, port: number) => address.default({ host, port }),
  /** Whom to dial. */
  remote: address.refine(({ host, port }) => host !== '' && port > 0, 'must name a host and a port to dial'),
  /** Of a Unix socket: sun_path has 108 bytes with its NUL (unix(7)). */
  socketPath: z.string().regex(/^\//, 'must be an absolute path').refine((path) => Buffer.byteLength(path) < 108, 'must be a path of at most 107 bytes'),
  list: texts.default([]),
  cidrs: texts.refine((cidrs) => cidrs.every(isCidr), 'must be IPv4 ranges like 10.96.0.0/16, separated by commas').default([]),
  /** `key=value` of a Kubernetes label. */
  label: z.string().regex(/^[\w./-]+=[\w.-]*$/, 'must be KEY=VALUE'),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'must be trace, debug, info, warn, error, fatal or silent').default('info'),
} as const;

/**
 * Reads `--some-flag VALUE` into the shape's `someFlag`.
 *
 * @throws UsageError with every flag that is wrong
 */
export function parseFlags<Shape extends z.ZodRawShape>(shape: Shape, argv: readonly string[]): z.infer<z.ZodObject<Shape>> {
  const names = new Map(Object.keys(shape).map((key) => [key, key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)]));
  const next = `flags: ${[...names.values()].map((name) => `--${name}`).join(', ')}`;
  let values: Record<string, unknown>;
  try {
    ({ values } = parseArgs({ args: [...argv], strict: true, options: Object.fromEntries([...names.values()].map((name) => [name, { type: 'string' as const }])) }));
  } catch (error) {
    throw new UsageError((error as Error).message, { next });
  }
  const given = Object.fromEntries([...names].map(([key, name]) => [key, values[name]]).filter(([, value]) => value !== undefined)) as Record<string, unknown>;
  const parsed = z.object(shape).safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path: [key], message }) => `--${names.get(String(key))} ${String(key) in given ? message : 'is missing'}`);
  throw new UsageError(problems.join('; '), { next });
}
