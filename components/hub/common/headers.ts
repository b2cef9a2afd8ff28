/** Lower-case names; what came several times is a list, in order. */
export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** RFC 9110, 7.6.1, and what else speaks of one connection only. `host` is HTTP/2's `:authority`. */
const hopByHop: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'http2-settings', 'host', 'expect']);

/**
 * Headers as they came: Node's own objects join those that came twice by a comma, which makes two groups of a user one.
 *
 * @param raw names and values in turn
 */
export function collectHeaders(raw: readonly string[]): Headers {
  const headers: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase();
    const value = raw[at + 1]!;
    if (name.startsWith(':')) continue;
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (typeof before === 'string') headers[name] = [before, value];
    else before.push(value);
  }
  return headers;
}

const namedByConnection = (headers: Headers): ReadonlySet<string> => new Set(all(headers, 'connection').flatMap((value) => value.split(',')).map((name) => name.trim().toLowerCase()));

/**
 * Without what `Connection` names, which does not go on. Whoever looks at a request must see what the API server will: a token that only this end
 * sees would make somebody of a client that is nobody there. `Upgrade` stays, for who answers it.
 */
export function withoutNamed(headers: Headers): Headers {
  if (headers['connection'] === undefined) return headers;
  const named = namedByConnection(headers);
  const kept = Object.create(null) as Record<string, string | readonly string[]>;
  for (const [name, value] of Object.entries(headers)) if (name === 'connection' || name === 'upgrade' || !named.has(name)) kept[name] = value;
  return kept;
}

/** Without what speaks of one connection only (RFC 9110, 7.6.1), and without what a predicate names. */
export function endToEnd(headers: Headers, drop: (name: string) => boolean = () => false): Record<string, string | readonly string[]> {
  const named = namedByConnection(headers);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name) && !named.has(name) && !drop(name)));
}

export const all = (headers: Headers, name: string): readonly string[] => [headers[name] ?? []].flat();

export const first = (headers: Headers, name: string): string | undefined => all(headers, name)[0];
