/** One requirement of a field selector: `spec.nodeName=edge-1`. The value is as it is meant, without escapes. */
export interface FieldRequirement {
  readonly field: string;
  readonly equals: boolean;
  readonly value: string;
}

/** @returns undefined for what the API server refuses (fields.ParseSelector of apimachinery) */
export function parseFieldSelector(text: string): FieldRequirement[] | undefined {
  const requirements: FieldRequirement[] = [];
  // Commas that are not escaped separate.
  for (const term of text.match(/(?:\\.|[^\\,])+|\\$/gsu) ?? []) {
    const parts = /^(.*?)(!=|==|=)(.*)$/su.exec(term);
    if (parts === null) return undefined;
    const [, field = '', operator, escaped = ''] = parts;
    if (/^(?:\\[\\,=]|[^\\,=])*$/su.exec(escaped) === null) return undefined;
    requirements.push({ field, equals: operator !== '!=', value: escaped.replaceAll(/\\(.)/gsu, '$1') });
  }
  return requirements;
}

/** Selectors that differ only in order, in `==` for `=` or in repetition become equal. What cannot be parsed stays as it is. */
export function normalFieldSelector(text: string): string {
  const requirements = parseFieldSelector(text);
  if (requirements === undefined) return text;
  return joined(requirements.map(({ field, equals, value }) => `${field}${equals ? '=' : '!='}${value.replaceAll(/[\\,=]/g, '\\$&')}`));
}

/** As for fields; also spaces, and the order of values in a set, make no difference (labels.Parse of apimachinery). */
export function normalLabelSelector(text: string): string {
  const tokens = text.match(/[^\s=!(),<>]+|==|!=|[=!(),<>]/gu) ?? [];
  const terms: string[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const [term, next] = requirementAt(tokens, at);
    // No selector that a server takes: it is not worth more than a key of its own.
    if (term === undefined || (next < tokens.length && tokens[next] !== ',') || next === tokens.length - 1) return text;
    terms.push(term);
    at = next;
  }
  return joined(terms);
}

const symbols = /^[=!(),<>]/;
const isWord = (token: string | undefined): token is string => token !== undefined && !symbols.test(token);

/** @returns the requirement that begins at a token, in its normal form, and where what follows it begins */
function requirementAt(tokens: readonly string[], from: number): [term: string | undefined, next: number] {
  const absent = tokens[from] === '!';
  const at = absent ? from + 1 : from;
  const key = tokens[at];
  if (!isWord(key)) return [undefined, at];
  const operator = tokens[at + 1];
  if (operator === undefined || operator === ',') return [absent ? `!${key}` : key, at + 1];
  if (absent) return [undefined, at];
  if (operator === 'in' || operator === 'notin') return setAt(tokens, at + 2, `${key} ${operator}`);
  if (!/^(?:==|!=|[=<>])$/.test(operator)) return [undefined, at];
  const value = tokens[at + 2];
  const start = `${key}${operator === '==' ? '=' : operator}`;
  return isWord(value) ? [`${start}${value}`, at + 3] : [start, at + 2];
}

function setAt(tokens: readonly string[], from: number, start: string): [term: string | undefined, next: number] {
  const end = tokens.indexOf(')', from);
  if (tokens[from] !== '(' || end < 0) return [undefined, from];
  const values: string[] = [];
  // `(a,,b)` has an empty value; two words side by side are no list.
  let expectsValue = true;
  for (const token of tokens.slice(from + 1, end)) {
    if (token === ',') {
      if (expectsValue) values.push('');
      expectsValue = true;
    } else if (isWord(token) && expectsValue) {
      values.push(token);
      expectsValue = false;
    } else return [undefined, from];
  }
  if (expectsValue) values.push('');
  return [`${start} (${joined(values)})`, end + 1];
}

const joined = (terms: readonly string[]): string => [...new Set(terms)].sort().join(',');
