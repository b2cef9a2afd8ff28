const decimal = /^[1-9][0-9]*$/;

/**
 * Which of two resource versions is the later: negative, 0 or positive, as for sorting; undefined where that cannot be
 * known. Two decimal numbers may be compared (KEP-5504; they can exceed 2^53), all else only for equality.
 */
export function compareResourceVersions(a: string, b: string): number | undefined {
  if (a === b) return 0;
  if (!decimal.test(a) || !decimal.test(b)) return undefined;
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}
