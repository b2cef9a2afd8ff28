import assert from 'node:assert/strict';
import { once } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { waitFor } from '../../core/wait.ts';
import { Entrance } from './entrance.ts';

/** A container as far as it matters here: a first process in namespaces of its own, which has given itself a name there. */
async function container(t: TestContext, name: string): Promise<number> {
  const child: ChildProcess = spawn('unshare', ['--mount', '--uts', '--ipc', '--net', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', `hostname ${name}; exec sleep 60`], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  return await waitFor('the first process inside', async () => {
    const [first] = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).split(' ');
    const sleeps = first !== undefined && first !== '' && (await readFile(`/proc/${first}/comm`, 'utf8')).trim() === 'sleep';
    return sleeps ? { done: Number(first) } : { missing: 'it has not started' };
  }, { timeoutMs: 5000, everyMs: 10 });
}

test('a program runs in the container, with the environment of the container, and is judged by its own exit code', async (t) => {
  const pid = await container(t, 'node-1');
  const entrance = new Entrance(async () => ({ pid, env: ['TAKEN_OUT', 'WHERE=inside'], privileged: true }));
  const seen = await entrance.run('node-1', ['sh', '-c', 'hostname; echo "$WHERE $HOME"; cat; exit 7'], { accept: [7], input: 'asked' });
  assert.deepEqual(seen, { code: 7, stdout: 'node-1\ninside /root\nasked', stderr: '' });
  await assert.rejects(entrance.run('node-1', ['false'], {}), { code: 'EXEC_FAILED', exitCode: 1 });
  await assert.rejects(entrance.run('node-1', ['sleep', '30'], { timeoutMs: 100 }), { code: 'EXEC_TIMEOUT' });
  assert.equal((await entrance.run('node-1', ['pgrep', '-fc', 'sleep 30'], { accept: 'any' }))?.stdout, '0\n');
});

test('the engine is asked once for as long as the container lives, and again when it has another first process', async (t) => {
  const pids = [await container(t, 'first'), await container(t, 'second')];
  let asked = 0;
  const entrance = new Entrance(async () => ({ pid: pids[asked++]!, env: [], privileged: true }));
  const name = async (): Promise<string | undefined> => (await entrance.run('node', ['hostname'], {}))?.stdout.trim();
  assert.deepEqual([await name(), await name(), asked], ['first', 'first', 1]);
  process.kill(pids[0]!, 'SIGKILL');
  await waitFor('its end', async () => ((await readFile(`/proc/${pids[0]}/stat`, 'utf8').catch(() => '')) === '' ? { done: true } : { missing: 'it is still there' }), { timeoutMs: 5000, everyMs: 10 });
  assert.deepEqual([await name(), asked], ['second', 2]);
});

test('there is no way into one that does not run, that has ended since, or in which root has less than here', async () => {
  const gone = spawn('true');
  await once(gone, 'close');
  for (const inside of [undefined, { pid: gone.pid!, env: [], privileged: true }, { pid: process.pid, env: [], privileged: false }]) {
    assert.equal(await new Entrance(async () => inside).run('node', ['true'], {}), undefined);
  }
});
