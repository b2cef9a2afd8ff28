/** One clause of an Accept header. */
export interface MediaRange {
  /** Lower-case, without parameters: `application/json`, `application/*`. */
  readonly type: string;
  /** Without `q`: `as`, `g`, `v`, `stream`, … */
  readonly parameters: Readonly<Record<string, string>>;
  /** 0 to 1. */
  readonly quality: number;
}

/**
 * The clauses in the order in which the API server prefers them: by quality, wildcards behind what is exact, and among equals
 * as they were sent (github.com/munnerz/goautoneg). No header, or an empty one, is the server's choice: `*` `/*`.
 */
export function parseAccept(header: string | undefined): readonly MediaRange[] {
  if (header === undefined || header === '') return [{ type: '*/*', parameters: {}, quality: 1 }];
  const ranges = header.split(',').flatMap((clause) => rangeOf(clause) ?? []);
  return ranges.sort((a, b) => b.quality - a.quality || wildness(a) - wildness(b));
}

const wildness = ({ type }: MediaRange): number => (type === '*/*' ? 2 : type.endsWith('/*') ? 1 : 0);

function rangeOf(clause: string): MediaRange | undefined {
  const [first = '', ...rest] = clause.split(';').map((part) => part.trim());
  const type = first === '*' ? '*/*' : first.toLowerCase();
  if (!/^[^/\s]+\/[^/\s]+$/.test(type)) return undefined;
  const parameters: Record<string, string> = {};
  let quality = 1;
  for (const part of rest) {
    const [, name, value] = /^([^=\s]+)\s*=\s*"?([^="]+?)"?$/.exec(part) ?? [];
    if (name === undefined || value === undefined) continue;
    if (name !== 'q') parameters[name] = value;
    else quality = Math.min(1, Math.max(0, Number(value) || 0));
  }
  return { type, parameters, quality };
}
