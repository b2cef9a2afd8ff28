/** Something that somebody told of, at a moment: the API, or a node's own journal. */
export interface Happening {
  /** Milliseconds since the epoch, by the clock of this host, which its containers share. */
  readonly at: number;
  readonly what: string;
  /** Something went wrong there, whoever is to blame. */
  readonly bad?: true;
  /** How often it was told, the first time at `at`. Absent: once. */
  readonly count?: number;
  /** When it was told last; only with a count. */
  readonly until?: number;
}

/** What one of those who are asked told of a scenario. */
export interface Told {
  /** A node, or `Pods`. */
  readonly who: string;
  /** `node`: the journal of the node itself, which is there also while it is cut off. `API`: what the cloud saw, or was told later. */
  readonly by: 'node' | 'API';
  readonly happenings: readonly Happening[];
  /** What is not in it, and why, as sentences. */
  readonly gaps: readonly string[];
}

/** A sentence is for reading, and a page of ninety scenarios is to stay small. */
const longest = 300;

/** Credentials stand in no sentence: neither tokens, in a header, a query or JSON, nor the parts of URLs that hold some. */
const secret = /((?:\bBearer|\bAuthorization:\s*Basic)\s+|(?:token|password|secret|api[-_]?key)(?:[=:]\s*\\*"?|\\*"\s*:\s*\\*")|\/\/[^\s/:@]+:(?=[^\s/@]+@))[^\s@"',]+|\beyJ[\w-]{10,}\.[\w-]+\.[\w-]+/gi;

/** Cuts a text to what fits into a line, without credentials. */
export function sentence(text: string): string {
  const clean = text.replaceAll(/\s+/g, ' ').replaceAll(secret, (_all, before: string | undefined) => `${before ?? ''}…`).trim();
  return clean.length <= longest ? clean : `${clean.slice(0, longest - 1)}…`;
}

/** Less often than this, each moment of what is no trouble is worth its own line. */
const oftenFrom = 4;

/** What is told again and again, as lost leases are, is told once with a count. Of trouble, what differs in its numbers alone is of one kind. */
export function mergeRepeats(happenings: readonly Happening[]): Happening[] {
  const kinds = Map.groupBy(happenings.toSorted((a, b) => a.at - b.at), ({ what, bad }) => (bad === true ? what.replaceAll(/\b[0-9a-f]{8,}\b|\d+/g, '#') : what));
  return [...kinds.values()].flatMap((same): Happening[] => {
    if (same.length === 1 || (same[0]!.bad !== true && same.length < oftenFrom)) return same;
    return [{ ...same[0]!, count: same.length, until: same.at(-1)!.at }];
  }).sort((a, b) => a.at - b.at);
}

/** The most telling of them, at most so many, in time order: whatever went wrong is kept first. @returns how many were left out, too */
export function mostTelling(happenings: readonly Happening[], atMost: number): { readonly kept: Happening[]; readonly left: number } {
  const kept = happenings.toSorted((a, b) => Number(b.bad ?? false) - Number(a.bad ?? false) || a.at - b.at).slice(0, atMost);
  return { kept: kept.sort((a, b) => a.at - b.at), left: happenings.length - kept.length };
}
