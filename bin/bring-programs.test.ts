import assert from 'node:assert/strict';
import { test } from 'node:test';
// @ts-expect-error: it runs before anything is compiled, and has no types of its own
import { bringPrograms } from './bring-programs.mjs';

type Bring = (files: readonly string[], host: object, say: (line: string) => void) => Promise<void>;

/** A machine that has these programs; what is installed on it, and what was said. */
async function on(has: readonly string[], files: readonly string[], { mayInstall = true, fails = false } = {}): Promise<{ installed: string[]; said: string[] }> {
  const [installed, said]: [string[], string[]] = [[], []];
  await (bringPrograms as Bring)(files, {
    hasProgram: async (name: string) => has.includes(name),
    canInstallPackages: async () => mayInstall,
    installPackages: async (packages: readonly string[]) => {
      if (fails) throw new Error(`apt-get could not install ${packages.join(', ')}`);
      installed.push(...packages);
    },
  }, (line) => void said.push(line));
  return { installed, said };
}

const page = 'reports/html/browser.test.ts';

test('a bare machine is brought what the tests that are run need, and one that has it under any name is left as it is', async () => {
  assert.deepEqual(await on([], ['core/lock.test.ts', page]), { installed: ['iptables', 'chromium-headless-shell'], said: ['Installing iptables for the tests…', 'Installing chromium-headless-shell for the tests…'] });
  assert.deepEqual((await on([], ['core/lock.test.ts'])).installed, ['iptables']);
  for (const name of ['chromium', 'google-chrome', 'chromium-headless-shell']) assert.deepEqual(await on(['iptables', name], [page]), { installed: [], said: [] });
});

test('where nothing can be brought it is said what to install, and the tests are run all the same', async () => {
  assert.deepEqual((await on(['iptables'], [page], { mayInstall: false })).said, ["Without Chromium, the tests that need it cannot run: install it (Debian's package is chromium-headless-shell)."]);
  assert.deepEqual((await on([], [page], { fails: true })).said.filter((line) => line.startsWith('Without')), ['Without iptables, the tests that need it cannot run: apt-get could not install iptables.', 'Without Chromium, the tests that need it cannot run: apt-get could not install chromium-headless-shell.']);
});
