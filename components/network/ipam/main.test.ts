import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, test } from 'node:test';
import { BundledPlugin } from './testing/bundled.ts';
import { PluginFolder, type CallOptions } from './testing/plugin-folder.ts';

const bundled = new BundledPlugin();
after(() => bundled[Symbol.dispose]());
const wide = { ranges: [[{ subnet: '10.244.1.0/24' }]] };

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
}

/** A process of its own, as the bridge plugin starts it. @param killAfterMs then it gets SIGKILL, wherever it is */
async function run(plugin: PluginFolder, command: string, options: CallOptions, killAfterMs?: number): Promise<Ended> {
  const child = spawn(process.execPath, [bundled.path], { env: plugin.environment(command, options) as NodeJS.ProcessEnv, stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
  child.stdin.on('error', () => {});
  child.stdin.end(plugin.config(options));
  if (killAfterMs !== undefined) void sleep(killAfterMs).then(() => child.kill('SIGKILL'));
  const [out, [code, signal]] = await Promise.all([text(child.stdout), exit]);
  return { code, signal, out };
}

const addressOf = ({ out }: Ended): string => (JSON.parse(out) as { ips: { address: string }[] }).ips[0]!.address;
const podCall = (index: number, round = 0): CallOptions => ({ container: `c${index}-${round}`, pod: [`web-${index}`, `uid-${index}`], ipam: wide });

test('the process: its result on stdout and 0, or its error on stdout and 1', async () => {
  using plugin = new PluginFolder();
  const added = await run(plugin, 'ADD', {});
  assert.deepEqual([added.code, addressOf(added)], [0, '10.244.1.2/29']);
  assert.deepEqual(await run(plugin, 'DEL', {}), { code: 0, signal: null, out: '' });
  const failed = await run(plugin, 'ADD', { ipam: { ranges: [] } });
  assert.deepEqual([failed.code, (JSON.parse(failed.out) as { code: number }).code], [1, 7]);
  const version = await run(plugin, 'VERSION', {});
  assert.equal(version.code, 0);
});

test('50 at once: each has an address of its own, and the same again', { timeout: 120_000 }, async () => {
  using plugin = new PluginFolder();
  const indices = Array.from({ length: 50 }, (_, index) => index);
  const first = (await Promise.all(indices.map(async (index) => await run(plugin, 'ADD', podCall(index))))).map(addressOf);
  assert.equal(new Set(first).size, 50);
  const second = await Promise.all(indices.map(async (index) => {
    await run(plugin, 'DEL', podCall(index));
    return addressOf(await run(plugin, 'ADD', podCall(index, 1)));
  }));
  assert.deepEqual(second, first);
});

test('killed at any moment, a call leaves a state in which nobody shares and everybody keeps', { timeout: 120_000 }, async () => {
  using plugin = new PluginFolder();
  const addresses = new Map<number, string>();
  let killed = 0;
  let answered = 0;
  // As long as ten at once take on this machine just now, and a little longer.
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: 10 }, async (_, index) => await run(plugin, 'ADD', podCall(50 + index))));
  const longestMs = 1.2 * (performance.now() - startedAt);
  for (let round = 0; round < 6; round += 1) {
    await Promise.all(Array.from({ length: 10 }, async (_, index) => {
      const ended = await run(plugin, round % 3 === 2 ? 'DEL' : 'ADD', podCall(index, round), Math.random() * longestMs);
      if (ended.signal === 'SIGKILL') killed += 1;
      // What was answered before the end counts.
      if (!ended.out.endsWith('\n') || round % 3 === 2) return;
      answered += 1;
      const address = addressOf(ended);
      assert.equal(address, addresses.get(index) ?? address);
      addresses.set(index, address);
    }));
  }
  for (const [index, address] of addresses) assert.equal(addressOf(await run(plugin, 'ADD', podCall(index, 99))), address);
  const reserved = plugin.state.reservations.flatMap(({ addresses: all }) => all);
  assert.equal(new Set(reserved).size, reserved.length);
  assert.ok(killed > 0 && answered > 0, `${killed} were killed, ${answered} answered`);
});
