import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exec, type ExecOptions } from '../../core/exec.ts';
import type { Docker } from '../docker/docker.ts';
import { NodeProgram } from './node-program.ts';

const here = { exec: async (_node: string, argv: readonly [string, ...string[]], options: ExecOptions) => await exec(argv, options) } as unknown as Docker;
const start = (script: string, args: readonly string[] = []): Promise<NodeProgram> => NodeProgram.start(here, 'edge', 'ready', { script, args, lifeMs: 20_000 });
const gone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};
const pidIn = (stdout: string): number => Number(/^pid (\d+)$/m.exec(stdout)![1]);

test('a program that is told to end says its last word', async () => {
  await using program = await start(`exec ${process.execPath} -e 'process.on("SIGINT", () => { console.log("last"); process.exit(); }); console.log("ready", process.argv[1]); setInterval(() => {}, 1000);' "$1"`, ['a b']);
  assert.equal(program.running, true);
  const { stdout } = await program.end();
  assert.match(stdout, /^ready a b\nlast$/m);
  assert.ok(gone(pidIn(stdout)));
  assert.equal(program.running, false);
});

test('one that has ended by itself cannot tell, and what does not get to work is told with what it said', async () => {
  await using program = await start('echo ready');
  while (program.running) await new Promise((resolve) => setTimeout(resolve, 5));
  await assert.rejects(program.end(), { code: 'ENDED_EARLY' });
  await assert.rejects(NodeProgram.start(here, 'edge', 'never', { script: 'echo other; exit 3', args: [], lifeMs: 20_000, signal: AbortSignal.timeout(300) }));
});

test('disposing ends it, also when it does not heed SIGINT', async () => {
  let pid = 0;
  const seen = { exec: async (node: string, argv: readonly [string, ...string[]], options: ExecOptions) => await here.exec(node, argv, { ...options, onLine: (line) => {
    pid ||= Number(/^pid (\d+)$/.exec(line)?.[1] ?? 0);
    options.onLine?.(line);
  } }) } as unknown as Docker;
  {
    await using _ = await NodeProgram.start(seen, 'edge', 'ready', { script: `trap '' INT; echo ready; exec sleep 30`, args: [], lifeMs: 20_000 });
    assert.ok(!gone(pid));
  }
  assert.ok(gone(pid));
});
