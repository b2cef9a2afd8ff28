import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { isAlias, isMap, isNode, isPair, isScalar, isSeq, parseDocument, type Document, type Node } from 'yaml';
import { UsageError } from '../core/errors.ts';
import { repositoryRoot } from '../core/paths.ts';
import { choices, suggest } from '../core/suggest.ts';
import { consistencyProblems } from './consistency.ts';
import { describeIssue, type LocatedProblem } from './describe-issue.ts';
import { topologyShape, type Topology } from './schema.ts';

export const topologiesDir = join(repositoryRoot, 'topologies');
/** A topology is a page; a file beyond this is something else. */
const maxBytes = 256 * 1024;

export interface TopologyProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly cure: string;
}

/** A topology file that cannot be used, with everything that is wrong in it. */
export class TopologyError extends UsageError {
  readonly file: string;
  readonly problems: readonly TopologyProblem[];

  constructor(file: string, problems: readonly TopologyProblem[]) {
    const lines = problems.map(({ line, column, message, cure }) => `${file}:${line}:${column}: ${message}\n    cure: ${cure}`);
    super(`the topology cannot be used, for ${problems.length === 1 ? 'one reason' : `${problems.length} reasons`}\n  ${lines.join('\n  ')}`, {
      next: 'mend the file; docs/topologies.md explains every key',
    });
    this.file = file;
    this.problems = problems;
  }
}

/** Names of the topologies that ship with edgeproof. */
export async function topologyNames(): Promise<string[]> {
  const files = await readdir(topologiesDir);
  return files.filter((file) => file.endsWith('.yaml')).map((file) => file.slice(0, -'.yaml'.length)).sort();
}

/** Whether a topology is named by the path of its file: anything with a slash, or ending in .yaml or .yml. */
export const isTopologyPath = (nameOrPath: string): boolean => nameOrPath.includes('/') || /\.ya?ml$/.test(nameOrPath);

/**
 * Loads a topology by its name (`two-sites`), or by the path of a file (`isTopologyPath`), relative to `cwd`.
 *
 * @throws UsageError for an unknown name or an unreadable file; TopologyError for a file with errors in it.
 */
export async function loadTopology(nameOrPath: string, cwd: string = process.cwd()): Promise<Topology> {
  if (!isTopologyPath(nameOrPath)) {
    const names = await topologyNames();
    if (!names.includes(nameOrPath)) {
      const meant = suggest(nameOrPath, names);
      throw new UsageError(`no topology "${nameOrPath}"${meant === undefined ? '' : `; did you mean ${meant}?`}`, {
        next: `choose one of ${choices(names)}, or give the path of a YAML file, such as ./${nameOrPath.replace(/[^\w-]+/g, '-') || 'mine'}.yaml`,
      });
    }
    return parseTopology(await readFile(join(topologiesDir, `${nameOrPath}.yaml`), 'utf8'), `topologies/${nameOrPath}.yaml`);
  }
  const path = resolve(cwd, nameOrPath);
  const unreadable = (why: string, cause?: unknown): UsageError =>
    new UsageError(`the topology file ${nameOrPath} cannot be read: ${why}`, { next: 'give the path of a YAML file; docs/topologies.md shows one', cause });
  const facts = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(error.code === 'ENOENT' ? 'there is no such file' : error.message);
  });
  if (!facts.isFile()) throw unreadable('it is not a file');
  if (facts.size > maxBytes) throw unreadable(`it has ${facts.size} bytes, and ${maxBytes} are the most`);
  const text = await readFile(path, 'utf8').catch((error: Error) => { throw unreadable(error.message, error); });
  const near = relative(cwd, path);
  return parseTopology(text, near.startsWith('..') ? path : near);
}

/**
 * Reads a topology from YAML text. `file` is only for the messages.
 *
 * @throws TopologyError with every error that could be found, in the order of the file.
 */
export function parseTopology(text: string, file: string): Topology {
  const document = parseDocument(text, { prettyErrors: false });
  // yaml's own LineCounter errs after some syntax errors (a "]" at the start of a line).
  const place = (offset: number): { line: number; column: number } => {
    const before = text.slice(0, offset);
    return { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') };
  };
  const problems: TopologyProblem[] = [...document.errors, ...document.warnings].map((error) => ({
    ...place(error.pos[0]),
    message: yamlErrors[error.code]?.message ?? `this is not YAML that can be read: ${firstLine(error.message)}`,
    cure: yamlErrors[error.code]?.cure ?? 'mend the line or the one before it: indentation (spaces only), quotes, brackets and colons',
  }));
  const fail = (): never => {
    problems.sort((a, b) => a.line - b.line || a.column - b.column);
    throw new TopologyError(file, problems);
  };
  // After an error of syntax the tree is a guess, and what is said of it would be noise.
  if (document.errors.some((error) => error.code !== 'DUPLICATE_KEY')) fail();

  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    problems.push({ line: 1, column: 1, message: `the file's aliases cannot be resolved: ${firstLine((error as Error).message)}`, cure: 'write the values out' });
    return fail();
  }
  if (value === null) {
    problems.push({ line: 1, column: 1, message: 'the file is empty', cure: 'start from topologies/one-edge.yaml' });
    return fail();
  }
  const shape = topologyShape.safeParse(value);
  const found: LocatedProblem[] = shape.success ? [] : shape.error.issues.flatMap((issue) => describeIssue(topologyShape, value, issue));
  const told = new Set(found.map(({ path }) => JSON.stringify(path)));
  const more = consistencyProblems(value).filter(({ path }) => !told.has(JSON.stringify(path)));
  for (const { path, at, message, cure } of [...found, ...more.map((problem) => ({ ...problem, at: 'value' as const }))]) problems.push({ ...place(offsetOf(document, path, at)), message, cure });
  if (!shape.success || problems.length > 0) return fail();
  return shape.data;
}

/** Where yaml's own words would not help. */
const yamlErrors: Partial<Record<string, { readonly message?: string; readonly cure: string }>> = {
  DUPLICATE_KEY: { message: 'this key is there twice in the same map', cure: 'keep one of them' },
  TAB_AS_INDENT: { cure: 'indent with spaces' },
  MULTIPLE_DOCS: { message: 'there is more than one YAML document in the file', cure: 'keep one topology in a file: take out the "---" and what follows' },
};

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? text;

/** Offset in the text of the value (or key, or enclosing map) at a path; of the nearest ancestor when there is none. */
function offsetOf(document: Document, path: readonly (string | number)[], at: LocatedProblem['at']): number {
  let here = document.contents as Node | null;
  let offset = here?.range?.[0] ?? 0;
  const goal = at === 'parent' ? path.slice(0, -1) : path;
  for (const [depth, part] of goal.entries()) {
    if (isAlias(here)) here = here.resolve(document) ?? null;
    let next: unknown;
    let key: unknown;
    if (isMap(here)) {
      const pair = here.items.find((item) => isPair(item) && (isScalar(item.key) ? String(item.key.value) : String(item.key)) === String(part));
      key = pair?.key;
      next = pair?.value;
    } else if (isSeq(here)) {
      next = here.items[Number(part)];
    }
    const last = depth === goal.length - 1;
    // A missing key is missed where its map is named, not at the map's first entry.
    const pointAtKey = isNode(key) && key.range && (at !== 'value' || !last || !isNode(next) || !next.range);
    if (pointAtKey) offset = (key as Node).range![0];
    else if (isNode(next) && next.range) offset = next.range[0];
    if (!isNode(next)) break;
    here = next;
  }
  return offset;
}
