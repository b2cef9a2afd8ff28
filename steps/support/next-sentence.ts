import { EdgeproofError } from '../../core/errors.ts';

const told = new WeakSet<Error>();

/**
 * Writes what to do next, of an error and of its causes, into the error's message: Cucumber passes on nothing else of it
 * to the report.
 *
 * @returns the same error
 */
export function tellNext(error: unknown): unknown {
  // One that is thrown again, as that of a session which does not open, is told once.
  if (!(error instanceof Error) || told.has(error)) return error;
  told.add(error);
  const sentences = new Set<string>();
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof EdgeproofError && at.next !== undefined) sentences.add(at.next);
  }
  for (const sentence of sentences) error.message += `\n  next: ${sentence}`;
  return error;
}
