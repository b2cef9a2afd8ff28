import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StartedProgram } from './started-program.ts';

test('what it says is there while it runs, and disposing ends it with all that it started', async () => {
  let program: StartedProgram;
  {
    await using running = new StartedProgram(['sh', '-c', 'echo ready; sleep 60 & sleep 60']);
    program = running;
    await running.says('ready', 5000);
    assert.equal(running.code, undefined);
  }
  assert.equal(program.code, 128);
});

test('its input, output, errors and exit code are its own, byte for byte', async () => {
  const input = Buffer.from([0, 255, 254, 10, 13, 0]);
  await using program = new StartedProgram(['sh', '-c', 'cat; echo oops >&2; exit 3'], { input });
  assert.equal(await program.ended, 3);
  assert.deepEqual(program.output, input);
  assert.equal(program.stderr, 'oops\n');
});

test('its stdin stays open for as long as it is wanted', async () => {
  await using program = new StartedProgram(['sh', '-c', 'while read line; do echo "got $line"; done'], { input: 'open' });
  program.write('one\n');
  await program.says('got one', 5000);
  program.write('two\n');
  await program.says('got two', 5000);
  assert.equal(program.code, undefined);
});

test('a program that there is not ends with -1 and says why; one that ends without the text is told', async () => {
  await using missing = new StartedProgram(['/no/such/program']);
  assert.equal(await missing.ended, -1);
  assert.match(missing.stderr, /ENOENT/);
  await using short = new StartedProgram(['sh', '-c', 'exit 4']);
  await assert.rejects(short.says('ready', 300), /it ended with 4/);
});
