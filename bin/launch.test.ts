import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '../core/paths.ts';
import { waitFor } from '../core/wait.ts';

/** A repository with the real bin/ and a program that tells what reaches it. */
async function checkout(packages: 'linked' | 'missing'): Promise<AsyncDisposable & { root: string }> {
  const root = await mkdtemp(join(tmpdir(), 'edgeproof-bin-'));
  await cp(join(repositoryRoot, 'bin'), join(root, 'bin'), { recursive: true });
  await cp(join(repositoryRoot, 'package-lock.json'), join(root, 'package-lock.json'));
  if (packages === 'linked') await symlink(join(repositoryRoot, 'node_modules'), join(root, 'node_modules'));
  await mkdir(join(root, 'cli'));
  await writeFile(join(root, 'cli', 'main.ts'), `
    import { Socket } from 'node:net';
    const say = (line: string): void => { process.stdout.write(line + '\\n'); };
    const [what, value]: string[] = process.argv.slice(2);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => say('got ' + signal));
    process.on('SIGUSR2', () => process.exit(7));
    new Socket({ fd: Number(process.env['EDGEPROOF_LAUNCHER_FD']) }).on('end', () => { say('launcher gone'); process.exit(8); }).resume().unref();
    say('up ' + process.version + ' ' + process.cwd() + ' ' + JSON.stringify(process.argv.slice(2)));
    if (what === 'exit') process.exit(Number(value));
    if (what === 'die') process.kill(process.pid, value);
    setTimeout(() => process.exit(99), 20_000);
  `);
  return { root, [Symbol.asyncDispose]: async () => await rm(root, { recursive: true, force: true }) };
}

interface Started {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  saw(line: RegExp): Promise<void>;
}

function start(entry: string, args: string[], options: { cwd?: string; env?: Record<string, string> } = {}): Started {
  const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: options.cwd ?? '/', env: { ...process.env, ...options.env } });
  let text = '';
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      lines.splice(0, lines.length, ...text.split('\n').slice(0, -1));
    });
  }
  return {
    child,
    lines,
    ended: new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal }))),
    saw: async (line) => await waitFor(`a line like ${line}`, async () => (lines.some((one) => line.test(one)) ? { done: undefined } : { missing: `only\n${text}` }), { timeoutMs: 15_000, everyMs: 20 }),
  };
}

test("the program runs on edgeproof's Node, in the caller's folder, with its arguments and exit code, through a symlink", async () => {
  await using repository = await checkout('linked');
  const link = join(repository.root, 'somewhere');
  await symlink(join(repository.root, 'bin', 'edgeproof.mjs'), link);
  const started = start(link, ['exit', '3', 'a b', '*'], { cwd: tmpdir() });
  assert.deepEqual(await started.ended, { code: 3, signal: null });
  assert.match(started.lines.join("\n"), /^up v26\./);
  assert.deepEqual(started.lines.map((line) => line.replace(/^up \S+ /, "")), [`${tmpdir()} ["exit","3","a b","*"]`]);
});

test('a program that dies by a signal is seen to die by it', async () => {
  await using repository = await checkout('linked');
  const started = start(join(repository.root, 'bin', 'edgeproof.mjs'), ['die', 'SIGKILL']);
  assert.deepEqual(await started.ended, { code: null, signal: 'SIGKILL' });
});

test('signals reach the program, and a Ctrl-C that comes twice (from the terminal and from npm) only once', async () => {
  await using repository = await checkout('linked');
  const started = start(join(repository.root, 'bin', 'edgeproof.mjs'), ['wait']);
  await started.saw(/^up /);
  started.child.kill('SIGINT');
  started.child.kill('SIGINT');
  await started.saw(/got SIGINT/);
  started.child.kill('SIGTERM');
  await started.saw(/got SIGTERM/);
  started.child.kill('SIGUSR2');
  assert.deepEqual(await started.ended, { code: 7, signal: null });
  assert.deepEqual(started.lines.slice(1), ['got SIGINT', 'got SIGTERM']);
});

test('a launcher that is killed does not leave the program behind unknowing', async () => {
  await using repository = await checkout('linked');
  const started = start(join(repository.root, 'bin', 'edgeproof.mjs'), ['wait']);
  await started.saw(/^up /);
  started.child.kill('SIGKILL');
  await started.saw(/launcher gone/);
});

/** Stands in for npm: takes a while, notes when it runs, and installs what the launcher needs. */
const fakeNpm = `
  const { appendFileSync, mkdirSync, symlinkSync, writeFileSync } = require('node:fs');
  appendFileSync('npm.log', 'start ' + process.argv.slice(2).join(' ') + '\\n');
  setTimeout(() => {
    if (process.env.NPM_FAILS) { console.error('npm error 503 no registry'); process.exit(1); }
    mkdirSync('node_modules', { recursive: true });
    const name = 'node-linux-' + process.arch;
    symlinkSync(process.env.REAL_MODULES + '/' + name, 'node_modules/' + name);
    appendFileSync('npm.log', 'end\\n');
  }, 700);
`;

test('packages are installed when missing and when the lock file changed, once for concurrent starts', async () => {
  await using repository = await checkout('missing');
  const { root } = repository;
  await writeFile(join(root, 'npm-cli.cjs'), fakeNpm);
  const env = { npm_execpath: join(root, 'npm-cli.cjs'), REAL_MODULES: join(repositoryRoot, 'node_modules') };
  const entry = join(root, 'bin', 'edgeproof.mjs');
  const log = async (): Promise<string> => await readFile(join(root, 'npm.log'), 'utf8');
  const all = [1, 2, 3].map(() => start(entry, ['exit', '0'], { env }));
  for (const one of all) assert.deepEqual(await one.ended, { code: 0, signal: null }, one.lines.join('\n'));
  assert.match(await log(), /^start ci --ignore-scripts[^\n]*\nend\n$/);

  assert.deepEqual(await start(entry, ['exit', '0'], { env }).ended, { code: 0, signal: null });
  assert.equal((await log()).split('start').length - 1, 1, 'nothing is installed twice');

  await writeFile(join(root, 'package-lock.json'), '{"packages":{"":{},"node_modules/new":{"version":"1.0.0"}}}');
  await rm(join(root, 'node_modules', `node-linux-${process.arch}`));
  assert.deepEqual(await start(entry, ['exit', '0'], { env }).ended, { code: 0, signal: null });
  assert.equal((await log()).split('start').length - 1, 2);
});

test('an installation that fails says what npm said, and the next start tries again', async () => {
  await using repository = await checkout('missing');
  const { root } = repository;
  await writeFile(join(root, 'npm-cli.cjs'), fakeNpm);
  const env = { npm_execpath: join(root, 'npm-cli.cjs'), REAL_MODULES: join(repositoryRoot, 'node_modules') };
  const entry = join(root, 'bin', 'edgeproof.mjs');
  const failed = start(entry, ['exit', '0'], { env: { ...env, NPM_FAILS: '1' } });
  assert.deepEqual(await failed.ended, { code: 2, signal: null });
  assert.match(failed.lines.join('\n'), /npm could not install[^]*npm error 503 no registry[^]*run the command again/);
  assert.deepEqual(await start(entry, ['exit', '0'], { env }).ended, { code: 0, signal: null });
});

test('an old Node gets a sentence', async () => {
  await using repository = await checkout('linked');
  const entry = join(repository.root, 'bin', 'old.mjs');
  await writeFile(entry, (await readFile(join(repositoryRoot, 'bin', 'edgeproof.mjs'), 'utf8')).replace('process.versions.node', '"18.20.0"'));
  const started = start(entry, []);
  assert.deepEqual(await started.ended, { code: 254, signal: null });
  assert.match(started.lines.join('\n'), /needs Node 20 or newer to start, and this is Node 18\.20\.0/);
});
