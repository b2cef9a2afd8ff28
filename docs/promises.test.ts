import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadCatalogue } from '../features/catalogue.ts';
import { checkPromises, promisesText } from './promises.ts';

test('docs/promises.md says what the features of this repository say', async () => {
  assert.equal(await checkPromises(), undefined);
});

test('a missing and a stale page are named, with the command that makes it', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'edgeproof-promises-'));
  const feature = join(root.path, 'features', 'tunnel', 'exec.feature');
  const page = join(root.path, 'docs', 'promises.md');
  await mkdir(join(root.path, 'features', 'tunnel'), { recursive: true });
  await mkdir(join(root.path, 'docs'));
  await writeFile(feature, `@tunnel
Feature: kubectl

  @tunnel-exec-exit-code @stock:TUNNEL_EXEC_FAILED
  Scenario Outline: exec returns <code>, <at> *once*
    Why: w
    Bug: b
    Given exit <code>

    Examples:
      | code |
      | 0    |
      | 7    |
`);
  assert.match(await checkPromises(root.path) ?? '', /promises\.md is missing: run npx node docs\/promises\.ts/);

  const text = promisesText(await loadCatalogue(root.path));
  assert.match(text, /^### tunnel-exec-exit-code$/m);
  assert.match(text, /\*\*exec returns 0 or 7, &lt;at> \\\*once\\\*\*\* \(2 examples\)/);
  assert.match(text, /Plain Kubernetes breaks it: `TUNNEL_EXEC_FAILED`/);
  await writeFile(page, text);
  assert.equal(await checkPromises(root.path), undefined);

  await writeFile(page, `${text}more`);
  assert.match(await checkPromises(root.path) ?? '', /does not say what the features say/);
});
