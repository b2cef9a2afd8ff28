/**
 * The candidate nearest to what was typed, if one is near enough to be meant: at most a third of its letters
 * differ (insertions, deletions, substitutions and swaps of neighbours count one each), or it begins with it.
 */
export function suggest(typed: string, candidates: readonly string[]): string | undefined {
  const low = typed.toLowerCase();
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(low, candidate.toLowerCase());
    if (best === undefined || distance < best.distance) best = { candidate, distance };
  }
  if (best !== undefined && best.distance <= Math.max(1, Math.floor(Math.max(low.length, best.candidate.length) / 3))) return best.candidate;
  return low.length >= 3 ? candidates.find((candidate) => candidate.toLowerCase().startsWith(low)) : undefined;
}

/** `a "x", "y" or "z"`-like list of choices for a sentence. */
export function choices(names: readonly string[], conjunction = 'or'): string {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} ${conjunction} ${names.at(-1)}`;
}

/** Optimal string alignment distance. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array<number>(b.length).fill(0)]);
  rows[0] = Array.from({ length: b.length + 1 }, (_, j) => j);
  const at = (i: number, j: number): number => rows[i]![j]!;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, at(i - 2, j - 2) + 1);
      rows[i]![j] = cost;
    }
  }
  return at(a.length, b.length);
}
