import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { AstBuilder, Errors, GherkinClassicTokenMatcher, Parser } from '@cucumber/gherkin';
import { IdGenerator, type Feature, type GherkinDocument, type Scenario as GherkinScenario, type Tag } from '@cucumber/messages';
import { capabilities, type Capability } from '../core/capabilities.ts';
import { EdgeproofError } from '../core/errors.ts';
import { repositoryRoot } from '../core/paths.ts';
import { readTags } from './tags.ts';

/** One promise, as a scenario says it. A Scenario Outline is one promise with several examples. */
export interface Scenario {
  /** Stable id, cited by others: `tunnel-exec-exit-code`. */
  readonly promise: string;
  readonly capability: Capability;
  readonly feature: string;
  /** The sentence. Of an outline it says all that its examples say: `over WebSocket or SPDY`. */
  readonly name: string;
  /** Path from the repository's root, with forward slashes. */
  readonly uri: string;
  readonly line: number;
  /** With the `@`, inherited ones first. */
  readonly tags: readonly string[];
  /** True: it holds on plain Kubernetes too. */
  readonly baseline: boolean;
  /** The `PromiseBroken` code with which it fails on plain Kubernetes. Absent when `baseline`. */
  readonly stockCode?: string;
  readonly why: string;
  /** The real bug that it comes from. */
  readonly origin: string;
  /** How often it runs: 1, or the rows of an outline. */
  readonly examples: number;
}

/** Something in a feature file that the catalogue cannot take: where, what, and its cure. */
export interface CatalogueProblem {
  readonly uri: string;
  readonly line: number;
  readonly message: string;
}

/** The feature files break the rules of the catalogue; the message has one line for each problem. */
export class CatalogueError extends EdgeproofError {
  readonly problems: readonly CatalogueProblem[];

  constructor(problems: readonly CatalogueProblem[]) {
    super('CATALOGUE_INVALID', problems.map(({ uri, line, message }) => `${uri}${line === 0 ? '' : `:${line}`}: ${message}`).join('\n'));
    this.problems = problems;
  }
}

/**
 * Reads every `features/CAPABILITY/….feature` below `root` and checks it.
 *
 * @returns the promises, by capability and then in file order.
 * @throws CatalogueError with all problems at once, or when there is no feature file at all.
 */
export async function loadCatalogue(root: string = repositoryRoot): Promise<Scenario[]> {
  const folder = join(root, 'features');
  const paths = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.feature')).sort();
  const problems: CatalogueProblem[] = [];
  const scenarios: Scenario[] = [];
  for (const path of paths) {
    const uri = relative(root, join(folder, path)).split(sep).join('/');
    readFeature(uri, await readFile(join(folder, path), 'utf8'), scenarios, problems);
  }
  if (paths.length === 0) problems.push({ uri: 'features', line: 0, message: 'there is no .feature file in this folder; put one into features/CAPABILITY/' });
  rejectDuplicates(scenarios, problems);
  if (problems.length > 0) throw new CatalogueError(problems);
  return scenarios.sort((a, b) => capabilities.indexOf(a.capability) - capabilities.indexOf(b.capability));
}

function readFeature(uri: string, text: string, scenarios: Scenario[], problems: CatalogueProblem[]): void {
  let document: GherkinDocument;
  try {
    document = new Parser(new AstBuilder(IdGenerator.incrementing()), new GherkinClassicTokenMatcher()).parse(text);
  } catch (error) {
    if (!(error instanceof Errors.GherkinException)) throw error;
    for (const one of error.errors ?? [error]) {
      const at = one instanceof Errors.GherkinException ? one.location : undefined;
      problems.push({ uri, line: at?.line ?? 1, message: one.message.replace(/^\(\d+:\d+\): /, '') });
    }
    return;
  }
  const { feature } = document;
  if (feature === undefined) {
    problems.push({ uri, line: 1, message: 'the file holds no Feature; write one or delete the file' });
    return;
  }
  for (const { scenario, inherited } of scenariosOf(feature)) {
    const read = readScenario(uri, feature, scenario, inherited, problems);
    if (read !== undefined) scenarios.push(read);
  }
}

function* scenariosOf(feature: Feature): Generator<{ scenario: GherkinScenario; inherited: readonly Tag[] }> {
  for (const child of feature.children) {
    if (child.scenario !== undefined) yield { scenario: child.scenario, inherited: feature.tags };
    for (const { scenario } of child.rule?.children ?? []) {
      if (scenario !== undefined) yield { scenario, inherited: [...feature.tags, ...(child.rule?.tags ?? [])] };
    }
  }
}

function readScenario(uri: string, feature: Feature, scenario: GherkinScenario, inherited: readonly Tag[], problems: CatalogueProblem[]): Scenario | undefined {
  const found: string[] = [];
  const tags = [...new Set([...inherited, ...scenario.tags].map((tag) => tag.name))];
  const rowTags = scenario.examples.flatMap((table) => table.tags.map((tag) => tag.name));
  const read = readTags(uri, tags, rowTags, found);
  const why = lineOf(scenario.description, 'Why');
  const origin = lineOf(scenario.description, 'Bug');
  if (why === '') found.push("its description has no 'Why:' line; say in a sentence below the scenario's title why the promise matters: Why: …");
  if (origin === '') found.push("its description has no 'Bug:' line; name below the scenario's title the real bug it comes from: Bug: …");
  if (scenario.name === '') found.push('it has no title; the title is the sentence of the promise');
  const outline = scenario.examples.length > 0;
  const examples = outline ? scenario.examples.reduce((sum, table) => sum + table.tableBody.length, 0) : 1;
  if (examples === 0) found.push('its Examples have no row, so it never runs; add one');
  if (scenario.steps.length === 0) found.push('it has no step, so it can never fail; add some');
  const shown = scenario.name === '' ? 'this scenario' : `scenario '${scenario.name}'`;
  problems.push(...found.map((message) => ({ uri, line: scenario.location.line, message: `${shown}: ${message}` })));
  if (found.length > 0 || read === undefined) return undefined;
  return { ...read, feature: feature.name, name: sentenceOf(scenario), uri, line: scenario.location.line, tags, why, origin, examples };
}

/** A title with the values of an outline's examples in the place of its placeholders. */
function sentenceOf({ name, examples }: GherkinScenario): string {
  return name.replaceAll(/<([^<>]+)>/g, (placeholder, column: string) => {
    const values = [...new Set(examples.flatMap(({ tableHeader, tableBody }) => {
      const index = tableHeader?.cells.findIndex(({ value }) => value === column) ?? -1;
      return index < 0 ? [] : tableBody.map(({ cells }) => cells[index]!.value);
    }))];
    return values.length === 0 ? placeholder : [values.slice(0, -1).join(', '), values.at(-1)].filter((part) => part !== '').join(' or ');
  });
}

/** The text after `Why:` in a description, with the lines that continue it, up to a blank line or the next `Word:`. */
function lineOf(description: string, word: string): string {
  const taken: string[] = [];
  let inside = false;
  for (const line of description.split('\n').map((text) => text.trim())) {
    const label = /^(Why|Bug):\s*(.*)$/.exec(line);
    if (label !== null) inside = label[1] === word;
    else if (line === '') inside = false;
    if (inside) taken.push(label === null ? line : (label[2] ?? ''));
  }
  return taken.join(' ').trim();
}

function rejectDuplicates(scenarios: readonly Scenario[], problems: CatalogueProblem[]): void {
  const seen = new Map<string, Scenario>();
  for (const scenario of scenarios) {
    const first = seen.get(scenario.promise);
    if (first === undefined) seen.set(scenario.promise, scenario);
    else {
      problems.push({ uri: scenario.uri, line: scenario.line,
        message: `promise @${scenario.promise} is already that of '${first.name}' (${first.uri}:${first.line}); a promise is one scenario: give this one its own id, or make them one outline` });
    }
  }
}
