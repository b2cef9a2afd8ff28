// Runs on edgeproof's own Node. Type check and all unit tests; the last line counts them.
import { execFile, spawn } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bringPrograms } from './bring-programs.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const parts = process.argv.includes('--changed') ? await partsThatChanged() : process.argv.slice(2);
delete process.env.EDGEPROOF_LAUNCHER_FD;

const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => abort.abort());

// What tests leave behind, and those that are killed, goes with this folder.
const temporary = mkdtempSync(join(tmpdir(), 'edgeproof-test-'));
process.env.TMPDIR = temporary;
// Each file has a process of its own, and most load the same modules.
process.env.NODE_COMPILE_CACHE ??= join(temporary, 'compiled');
process.once('exit', () => {
  try {
    rmSync(temporary, { recursive: true, force: true });
  } catch (error) {
    // A test that was killed may have left a file system or a process there.
    process.stdout.write(`${temporary} could not be removed: ${error.message}\n`);
  }
});

const files = filesToRun();
// What cannot be brought, the tests that need it say again: they fail.
await bringPrograms(files, await import('../harness/engine/host-packages.ts'), (line) => process.stdout.write(`${line}\n`));
// A test file's process that never comes to its end has no deadline of its own in Node's runner, and CI would wait for it for ever.
setTimeout(() => {
  process.stdout.write('The tests were not over within 8 minutes: a test file hangs.\n');
  abort.abort();
}, 8 * 60_000).unref();
const typesOk = await typeCheck();
const counts = abort.signal.aborted ? { passed: 0, failed: 1 } : await unitTests();
const passed = counts.passed + (typesOk ? 1 : 0);
const failed = counts.failed + (typesOk ? 0 : 1);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

/** Tests beside what differs from the last commit, and those that look at everything and take no second: for before a commit. */
async function partsThatChanged() {
  const git = async (...args) => (await promisify(execFile)('git', args, { cwd: root })).stdout.split('\n').filter((line) => line !== '');
  const changed = [...(await git('diff', '--name-only', 'HEAD')), ...(await git('ls-files', '--others', '--exclude-standard'))];
  const beside = changed.map((file) => file.replace(/(\.test)?\.ts$/, '.test.ts')).filter((file) => file.endsWith('.test.ts') && existsSync(join(root, file)));
  return [...beside, 'core/walls.test.ts', 'core/dead-code.test.ts', 'features/', 'steps/definitions.test.ts', 'docs/promises.test.ts'];
}

function filesToRun() {
  const skipped = new Set(['node_modules', 'runs', '.git']);
  return globSync('**/*.test.ts', { cwd: root, exclude: (name) => skipped.has(name.split('/').at(-1)) }).filter((file) => parts.length === 0 || parts.some((part) => file.includes(part))).sort();
}

/** The type check counts as one test. */
async function typeCheck() {
  const started = performance.now();
  const child = spawn(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root], { stdio: ['ignore', 'inherit', 'inherit'], signal: abort.signal });
  const code = await new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('close', resolve);
  });
  process.stdout.write(`${code === 0 ? '✔' : '✖'} type check (${Math.round(performance.now() - started)}ms)\n`);
  return code === 0;
}

/** @returns {Promise<{ passed: number, failed: number }>} */
async function unitTests() {
  if (files.length === 0) {
    process.stdout.write(`no test file's path has ${parts.map((part) => `"${part}"`).join(' or ')} in it\n`);
    return { passed: 0, failed: 1 };
  }
  const stream = run({ files: files.map((file) => join(root, file)), cwd: root, concurrency: availableParallelism() + 1, timeout: 90_000, signal: abort.signal });
  let counts;
  stream.on('test:summary', (summary) => {
    // One comes for each file, and one, without a file, for the whole.
    if (summary.file === undefined) counts = summary.counts;
  });
  const report = stream.compose(spec);
  report.pipe(process.stdout, { end: false });
  await new Promise((resolve, reject) => {
    report.on('end', resolve);
    report.on('error', reject);
  });
  // Without the summary the run was cut short: nothing is known to have passed.
  return counts === undefined ? { passed: 0, failed: 1 } : { passed: counts.passed, failed: counts.failed + counts.cancelled };
}
