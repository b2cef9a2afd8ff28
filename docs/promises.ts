import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { capabilities } from '../core/capabilities.ts';
import { describeError, exitCodeOf, exitCodes } from '../core/errors.ts';
import { repositoryRoot } from '../core/paths.ts';
import { linkBugs } from '../features/bug-links.ts';
import { loadCatalogue, type Scenario } from '../features/catalogue.ts';

/** Run this file to write docs/promises.md from the features; with `--check` it only says whether that is needed. */
const command = 'npx node docs/promises.ts';

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll(/([\\`*_[\]|])/g, '\\$1');

function promiseText(scenario: Scenario): string {
  const stock = scenario.baseline ? 'keeps it too.' : `breaks it: \`${scenario.stockCode}\`.`;
  const often = scenario.examples === 1 ? '' : ` (${scenario.examples} examples)`;
  return `### ${scenario.promise}

**${escaped(scenario.name)}**${often}

- Why: ${escaped(scenario.why)}
- Comes from: ${linkBugs(scenario.origin).map(({ text, href }) => (href === undefined ? escaped(text) : `[${escaped(text)}](${href})`)).join('')}
- Plain Kubernetes ${stock}
- Said in: [${scenario.uri}](../${scenario.uri}), ${escaped(scenario.feature)}
`;
}

/** The text of docs/promises.md. */
export function promisesText(catalogue: readonly Scenario[]): string {
  const parts = capabilities.flatMap((capability) => {
    const own = catalogue.filter((scenario) => scenario.capability === capability);
    return own.length === 0 ? [] : [`## ${capability}\n\n${own.map(promiseText).join('\n')}`];
  });
  const rows = catalogue.map(({ promise, name, baseline, stockCode }) =>
    `| [${promise}](#${promise}) | ${escaped(name)} | ${baseline ? 'keeps it' : `\`${stockCode}\``} |`);
  return `# What edgeproof proves

<!-- Made from features/ by docs/promises.ts: edit those and make this again. -->

Each promise has an id that stays the same, so that a report, a bug or a paper can cite it. The scenario that checks it
carries the id as its tag: \`edgeproof conformance --tags @${catalogue[0]?.promise ?? 'ID'}\` checks only this one. The last
column says what plain Kubernetes does: \`npm run control\` checks that too.

| promise | in a sentence | plain Kubernetes |
|---|---|---|
${rows.join('\n')}

${parts.join('\n')}`;
}

/**
 * Compares docs/promises.md with the features below `root`.
 *
 * @returns undefined when it is current, else a sentence saying what to do.
 * @throws CatalogueError when the features break the catalogue's rules.
 */
export async function checkPromises(root: string = repositoryRoot): Promise<string | undefined> {
  const wanted = promisesText(await loadCatalogue(root));
  const found = await readFile(join(root, 'docs', 'promises.md'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === wanted) return undefined;
  const state = found === undefined ? 'is missing' : 'does not say what the features say';
  return `docs/promises.md ${state}: run ${command} and commit it with the feature.`;
}

async function main(argv: readonly string[]): Promise<number> {
  const unknown = argv.find((word) => word !== '--check');
  if (unknown !== undefined) {
    process.stderr.write(`docs/promises.ts takes only --check, not ${unknown}\n`);
    return exitCodes.usage;
  }
  try {
    if (argv.length === 0) {
      await writeFile(join(repositoryRoot, 'docs', 'promises.md'), promisesText(await loadCatalogue()));
      return exitCodes.pass;
    }
    const stale = await checkPromises();
    process.stdout.write(`${stale ?? 'docs/promises.md is current.'}\n`);
    return stale === undefined ? exitCodes.pass : exitCodes.fail;
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    return exitCodeOf(error);
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
