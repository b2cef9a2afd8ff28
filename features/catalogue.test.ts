import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { CatalogueError, loadCatalogue, type Scenario } from './catalogue.ts';

async function catalogueOf(files: Record<string, string>): Promise<Scenario[]> {
  await using root = await mkdtempDisposable(join(tmpdir(), 'edgeproof-catalogue-'));
  await mkdir(join(root.path, 'features'));
  for (const [path, text] of Object.entries(files)) {
    const file = join(root.path, 'features', path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return await loadCatalogue(root.path);
}

/** The messages with which a feature file is refused, `file:line: sentence`. */
async function refusals(files: Record<string, string>): Promise<string[]> {
  const error = await catalogueOf(files).then(() => undefined, (reason: unknown) => reason);
  assert.ok(error instanceof CatalogueError, `expected a CatalogueError, got ${String(error)}`);
  assert.equal(error.message.split('\n').length, error.problems.length);
  return error.message.split('\n');
}

const scenario = (tags: string, { title = 'exec returns the exit code', description = 'Why: scripts rely on it.\n    Bug: OpenYurt 1024.' } = {}): string =>
  `  ${tags}\n  Scenario: ${title}\n    ${description}\n\n    Given a step\n`;
const feature = (...scenarios: string[]): string => `@tunnel\nFeature: kubectl through the tunnel\n\n${scenarios.join('\n')}`;

test('a scenario becomes a promise with its tags, reason and origin', async () => {
  assert.deepEqual(await catalogueOf({ 'tunnel/exec.feature': feature(scenario('@tunnel-exec-exit-code @stock:NO_TUNNEL', {
    description: 'Why: scripts on a laptop\n    rely on it.\n\n    Not part of it.\n    Bug: OpenYurt 1024 (https://example.org/1024)' })) }), [{
    promise: 'tunnel-exec-exit-code', capability: 'tunnel', feature: 'kubectl through the tunnel', name: 'exec returns the exit code',
    uri: 'features/tunnel/exec.feature', line: 5, tags: ['@tunnel', '@tunnel-exec-exit-code', '@stock:NO_TUNNEL'], baseline: false,
    stockCode: 'NO_TUNNEL', why: 'scripts on a laptop rely on it.', origin: 'OpenYurt 1024 (https://example.org/1024)', examples: 1,
  }]);
});

test('an outline is one promise with several examples; a rule hands down its tags', async () => {
  const [outline, ruled] = await catalogueOf({ 'tunnel/exec.feature': `@tunnel
Feature: kubectl

  @tunnel-exec-exit-code @baseline
  Scenario Outline: exec returns <code>
    Why: w
    Bug: b
    Given exit <code>

    Examples:
      | code |
      | 0    |
      | 7    |

    @slow
    Examples:
      | code |
      | 137  |

  @slow
  Rule: big things
    @tunnel-cp-checksum @baseline
    Scenario: cp
      Why: w
      Bug: b
      Given cp
` });
  assert.equal(outline?.examples, 3);
  assert.equal(outline?.name, 'exec returns 0, 7 or 137');
  assert.equal(outline?.baseline, true);
  assert.ok(outline !== undefined && !('stockCode' in outline));
  assert.deepEqual(ruled?.tags, ['@tunnel', '@slow', '@tunnel-cp-checksum', '@baseline']);
});

test('promises come in the order of the capabilities, then of the files', async () => {
  const other = (capability: string, file: string): Record<string, string> =>
    ({ [`${capability}/${file}.feature`]: feature(scenario(`@${capability}-${file}-x @baseline`)).replace('@tunnel\n', `@${capability}\n`) });
  const found = await catalogueOf({ ...other('autonomy', 'a'), ...other('tunnel', 'b'), ...other('tunnel', 'a'), ...other('lifecycle', 'z') });
  assert.deepEqual(found.map(({ promise }) => promise), ['lifecycle-z-x', 'tunnel-a-x', 'tunnel-b-x', 'autonomy-a-x']);
});

const refused: [name: string, files: Record<string, string>, expected: RegExp[]][] = [
  ['no promise tag', { 'tunnel/a.feature': feature(scenario('@baseline')) }, [/^features\/tunnel\/a\.feature:5: .*no promise tag; add one like @tunnel-/]],
  ['two promise tags', { 'tunnel/a.feature': feature(scenario('@tunnel-a-b @tunnel-c-d @baseline')) }, [/2 promise tags .*keep one/]],
  ['a promise of another capability', { 'tunnel/a.feature': feature(scenario('@identity-a-b @baseline')) }, [/@identity-a-b must start with its capability: @tunnel-/]],
  ['a badly written promise', { 'tunnel/a.feature': feature(scenario('@tunnel-Exec_code @baseline')) }, [/lower-case words joined by dashes/]],
  ['no capability tag', { 'tunnel/a.feature': feature(scenario('@tunnel-a-b @baseline')).replace('@tunnel\n', '\n') }, [/no capability tag; add @tunnel/]],
  ['a capability tag that is not its folder', { 'identity/a.feature': feature(scenario('@identity-a-b @baseline')) }, [/must be @identity, as its folder; it has @tunnel/]],
  ['a folder that is no capability', { 'misc/a.feature': feature(scenario('@tunnel-a-b @baseline')) }, [/features\/misc, which is no capability/]],
  ['neither baseline nor stock', { 'tunnel/a.feature': feature(scenario('@tunnel-a-b')) }, [/exactly one of @baseline .*it has neither/]],
  ['both baseline and stock', { 'tunnel/a.feature': feature(scenario('@tunnel-a-b @baseline @stock:X')) }, [/it has @baseline @stock:X/]],
  ['a stock tag with no code', { 'tunnel/a.feature': feature(scenario('@tunnel-a-b @stock:pod-ip')) }, [/write it like @stock:POD_IP_CHANGED/]],
  ['one site and more than that', { 'tunnel/a.feature': feature(scenario('@tunnel-a-b @baseline @one-site @needs-two-sites')) }, [/it has @one-site and @needs-two-sites; keep one/]],
  ['no Why and no Bug', { 'tunnel/a.feature': feature(scenario('@tunnel-a-b @baseline', { description: '' })) }, [/no 'Why:' line/, /no 'Bug:' line/]],
  ['a promise made twice, in two files', { 'tunnel/a.feature': feature(scenario('@tunnel-a-b @baseline')), 'tunnel/b.feature': feature(scenario('@tunnel-a-b @baseline')) },
    [/^features\/tunnel\/b\.feature:5: promise @tunnel-a-b is already that of .*features\/tunnel\/a\.feature:5/]],
  ['a syntax error', { 'tunnel/a.feature': 'Feature: x\n  Scenario: y\n    Given z\n    Thn w\n' }, [/^features\/tunnel\/a\.feature:4: expected/]],
  ['an empty file', { 'tunnel/a.feature': '\n' }, [/:1: the file holds no Feature/]],
  ['no file at all', {}, [/no \.feature file/]],
];

for (const [name, files, expected] of refused) {
  test(`refused: ${name}`, async () => {
    const messages = await refusals(files);
    assert.equal(messages.length, expected.length, messages.join('\n'));
    for (const [index, pattern] of expected.entries()) assert.match(messages[index] ?? '', pattern);
  });
}

test('refused: an outline with promise tags on its rows, or with no row', async () => {
  const outline = (rows: string): string => feature(`  @tunnel-a-b @baseline\n  Scenario Outline: x\n    Why: w\n    Bug: b\n    Given <a>\n\n${rows}`);
  assert.match((await refusals({ 'tunnel/a.feature': outline('    @stock:X\n    Examples:\n      | a |\n      | 1 |\n') })).join(), /Examples carry @stock:X/);
  assert.match((await refusals({ 'tunnel/a.feature': outline('    Examples:\n      | a |\n') })).join(), /have no row/);
});
