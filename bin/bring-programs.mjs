// Programs that tests call and a bare machine lacks: Debian's packages of them, as edgeproof brings an engine.
import { browsers } from '../reports/html/chromium.ts';

/** By what any of its names is called when it is there, the package that brings it, and the tests that need it. */
const needs = [
  // A few tests call it, in a network namespace of their own.
  { program: 'iptables', names: ['iptables'], package: 'iptables', by: /(?:)/ },
  // The smallest of Debian's, and without a desktop: 164 MB to fetch for a machine that has nothing of it, 560 MB on its disk, 15 s.
  { program: 'Chromium', names: browsers, package: 'chromium-headless-shell', by: /^reports\/html\/browser\.test\.ts$/ },
];

/**
 * Installs what the tests given need and is not there, as root on Debian and what is made of it; elsewhere it says what to install.
 *
 * @param {readonly string[]} files of the tests, from the repository's root
 * @param {Pick<typeof import('../harness/engine/host-packages.ts'), 'canInstallPackages' | 'hasProgram' | 'installPackages'>} host
 * @param {(line: string) => void} say
 */
export async function bringPrograms(files, { canInstallPackages, hasProgram, installPackages }, say) {
  for (const need of needs) {
    if (!files.some((file) => need.by.test(file))) continue;
    if ((await Promise.all(need.names.map(async (name) => await hasProgram(name)))).includes(true)) continue;
    const missing = `Without ${need.program}, the tests that need it cannot run`;
    if (!(await canInstallPackages())) {
      say(`${missing}: install it (Debian's package is ${need.package}).`);
      continue;
    }
    say(`Installing ${need.package} for the tests…`);
    try {
      await installPackages([need.package], 'some tests call it', { detail: () => {} });
    } catch (error) {
      say(`${missing}: ${error.message}.`);
    }
  }
}
