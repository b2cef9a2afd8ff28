import { z } from 'zod';
import { EdgeproofError } from '../core/errors.ts';

/** A piece of a line, by the SGR codes that were on; none is plain. */
export interface Span {
  readonly text: string;
  readonly codes: readonly number[];
}

export interface CastLine {
  /** Seconds since the beginning of the recording. */
  readonly at: number;
  readonly spans: readonly Span[];
}

export interface Cast {
  readonly columns: number;
  readonly title: string;
  readonly lines: readonly CastLine[];
}

/** It is no recording that can be drawn. */
class CastError extends EdgeproofError {}

const header = z.object({ version: z.literal(2), width: z.number().int().positive(), title: z.string().default('') });
const event = z.tuple([z.number().nonnegative(), z.literal('o'), z.string()]);

/**
 * Reads an asciicast of version 2 whose program wrote whole lines, coloured by SGR at most: what `edgeproof demo --record` writes.
 *
 * @throws CastError `CAST_INVALID` with the number of the line
 */
export function readCast(text: string): Cast {
  const [first = '', ...events] = text.trimEnd().split('\n');
  const { width, title } = parsed(header, first, 1);
  const lines = events.flatMap((line, index): CastLine[] => {
    const [at, , output] = parsed(event, line, index + 2);
    if (!output.endsWith('\r\n')) throw invalid(index + 2, 'it does not end a line');
    return output.slice(0, -2).split('\r\n').map((one) => ({ at, spans: spansOf(one, index + 2) }));
  });
  if (lines.length === 0) throw new CastError('CAST_INVALID', 'the recording has no line', { next: 'make one: edgeproof demo --record FILE' });
  return { columns: width, title, lines };
}

const invalid = (line: number, why: string, cause?: unknown): CastError => new CastError('CAST_INVALID', `line ${line} of the recording: ${why}`, { cause });

function parsed<T>(schema: z.ZodType<T>, line: string, number: number): T {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw invalid(number, 'it is no JSON', cause);
  }
  const result = schema.safeParse(json);
  if (!result.success) throw invalid(number, z.prettifyError(result.error));
  return result.data;
}

function spansOf(line: string, number: number): Span[] {
  const spans: Span[] = [];
  let codes: readonly number[] = [];
  for (const part of line.split(/(\u001b\[[\d;]*m)/)) {
    const sgr = /^\u001b\[([\d;]*)m$/.exec(part);
    if (sgr !== null) {
      const wanted = (sgr[1] ?? '').split(';').map(Number);
      codes = wanted.includes(0) ? [] : [...codes, ...wanted];
    } else if (part !== '') {
      if (/[\u0000-\u001f\u007f]/.test(part)) throw invalid(number, `it has a control character: ${JSON.stringify(part)}`);
      spans.push({ text: part, codes });
    }
  }
  return spans;
}
