/** The parameters of a URL: the values of each, in order. */
export type Query = ReadonlyMap<string, readonly string[]>;

/** As Go's url.ParseQuery, whose errors the API server ignores: a pair with a bad escape or a semicolon counts as not sent. */
export function parseQuery(text: string): Query {
  const query = new Map<string, string[]>();
  for (const pair of text.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const at = pair.indexOf('=');
    const name = unescaped(at < 0 ? pair : pair.slice(0, at));
    const value = unescaped(at < 0 ? '' : pair.slice(at + 1));
    if (name === undefined || value === undefined) continue;
    const values = query.get(name);
    if (values === undefined) query.set(name, [value]);
    else values.push(value);
  }
  return query;
}

function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** The first value of a parameter, which is the one that counts, or ''. */
export const valueOf = (query: Query, name: string): string => query.get(name)?.[0] ?? '';

/** As Convert_Slice_string_To_bool of apimachinery/pkg/runtime: only absence, `0` and `false` are false. */
export function flagOf(query: Query, name: string): boolean {
  const value = query.get(name)?.[0];
  return value !== undefined && value !== '0' && value.toLowerCase() !== 'false';
}
