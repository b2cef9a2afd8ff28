import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '../../core/paths.ts';
import { isAlive } from '../../core/process.ts';
import { waitFor } from '../../core/wait.ts';
import { Docker } from '../../harness/docker/docker.ts';
import { runFeatures, type FeatureRun } from './features.ts';

/** Runs a program in Cucumber's place. @param text of the program, which may write to `folder` */
async function withCucumber(text: string, work: (run: FeatureRun, folder: string) => Promise<void>): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-features-'));
  const program = join(folder.path, 'cucumber.mjs');
  await writeFile(program, `const folder = ${JSON.stringify(folder.path)};\n${text}`);
  const cluster = { name: 'dev' } as FeatureRun['cluster'];
  const docker = new Docker({ host: 'unix:///nowhere', private: false, version: '' });
  await work({ cluster, docker, kubectl: 'kubectl', runDir: folder.path, messages: join(folder.path, 'messages.ndjson'), mode: 'conformance', signal: new AbortController().signal, program }, folder.path);
}

test('a Cucumber that was told to stop by somebody else has not come to its end, one in which scenarios failed has', async () => {
  await withCucumber('process.exitCode = 2;', async (run) => await assert.rejects(runFeatures(run), { code: 'FEATURES_STOPPED' }));
  await withCucumber('process.exitCode = 13;', async (run) => await assert.rejects(runFeatures(run), { code: 'FEATURES_CRASHED' }));
  await withCucumber('process.exitCode = 1;', async (run) => await runFeatures(run));
});

test('what a scenario had started and a dead worker could not end is ended with Cucumber', async () => {
  // As core/started-program.ts starts a kubectl: in a group of its own, with the id of who started it.
  const text = `const { spawn } = await import('node:child_process'); const { writeFileSync } = await import('node:fs');
    const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore', env: { ...process.env, EDGEPROOF_PARENT: String(process.pid) } });
    writeFileSync(folder + '/pid', String(child.pid)); process.exit(1);`;
  await withCucumber(text, async (run, folder) => {
    await runFeatures(run);
    const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
    try {
      assert.equal(isAlive(pid), false);
    } finally {
      try { process.kill(pid, 'SIGKILL'); } catch { /* As it should be. */ }
    }
  });
});

test('on plain Kubernetes six scenarios may run at a time; otherwise as many as cucumber.js says', async () => {
  const text = 'const { writeFileSync } = await import("node:fs"); writeFileSync(folder + "/args", process.argv.slice(2).join(" "));';
  await withCucumber(text, async (run, folder) => {
    await runFeatures({ ...run, mode: 'control' });
    assert.match(await readFile(join(folder, 'args'), 'utf8'), /--parallel 6$/);
    await runFeatures({ ...run, tags: '@tunnel' });
    assert.match(await readFile(join(folder, 'args'), 'utf8'), /messages\.ndjson --tags @tunnel$/);
  });
});

test('what is told as a story has its own profile of cucumber.js, and may be recorded', async () => {
  const text = 'const { writeFileSync } = await import("node:fs"); writeFileSync(folder + "/args", process.argv.slice(2).join(" ") + " " + process.env.EDGEPROOF_RECORD);';
  await withCucumber(text, async (run, folder) => {
    await runFeatures({ ...run, told: { record: '/tmp/x.cast' } });
    assert.match(await readFile(join(folder, 'args'), 'utf8'), /^--profile demo --format message:.* \/tmp\/x\.cast$/);
    await runFeatures({ ...run, told: {} });
    assert.match(await readFile(join(folder, 'args'), 'utf8'), /^--profile demo .* undefined$/);
    await runFeatures(run);
    assert.doesNotMatch(await readFile(join(folder, 'args'), 'utf8'), /--profile/);
  });
});

test('an interruption reaches Cucumber once, as SIGINT, and is what the features end with', async () => {
  const text = `const { writeFileSync, appendFileSync } = await import('node:fs');
    for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => { appendFileSync(folder + '/heard', name + ' '); setTimeout(() => process.exit(2), 50); });
    setInterval(() => {}, 1000); writeFileSync(folder + '/ready', '');`;
  await withCucumber(text, async (run, folder) => {
    const interrupt = new AbortController();
    const features = assert.rejects(runFeatures({ ...run, signal: interrupt.signal }), /Ctrl-C/);
    await waitFor('the program', async () => ((await readFile(join(folder, 'ready')).catch(() => undefined)) === undefined ? { missing: 'it has not said that it runs' } : { done: true }), { timeoutMs: 10_000, everyMs: 20 });
    interrupt.abort(new Error('Ctrl-C'));
    await features;
    assert.equal(await readFile(join(folder, 'heard'), 'utf8'), 'SIGINT ');
  });
});

test('a Cucumber whose edgeproof is killed hears of it: it heals what its scenario has broken, and ends', { timeout: 60_000 }, async () => {
  const text = `const { writeFileSync } = await import('node:fs');
    const { interruption } = await import(${JSON.stringify(join(repositoryRoot, 'steps/support/interruption.ts'))});
    interruption.signal.addEventListener('abort', () => { writeFileSync(folder + '/heard', interruption.signal.reason.message); process.exit(); });
    setTimeout(() => process.exit(), 30_000); writeFileSync(folder + '/ready', '');`;
  await withCucumber(text, async (run, folder) => {
    const there = async (file: string): Promise<string> => await waitFor(file, async () => {
      const found = await readFile(join(folder, file), 'utf8').catch(() => undefined);
      return found === undefined ? { missing: 'it is not there' } : { done: found };
    }, { timeoutMs: 20_000, everyMs: 20 });
    const { signal: _, docker: _docker, ...rest } = run;
    const owner = `import { runFeatures } from ${JSON.stringify(join(repositoryRoot, 'cli/run/features.ts'))};
      await runFeatures({ ...${JSON.stringify(rest)}, docker: { env: {} }, signal: new AbortController().signal });`;
    const edgeproof = spawn(process.execPath, ['--input-type=module', '--eval', owner], { stdio: 'ignore' });
    await there('ready');
    edgeproof.kill('SIGKILL');
    assert.equal(await there('heard'), 'the run was interrupted (the end of edgeproof)');
  });
});
