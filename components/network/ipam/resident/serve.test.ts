import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { launcher } from '../launcher.ts';
import { PluginFolder, type CallOptions } from '../testing/plugin-folder.ts';
import { serveCalls } from './serve.ts';

const able = { skip: spawnSync('curl', ['--version']).status === 0 ? (false as const) : 'needs curl' };

/** The launcher, with something in the place of Node that only tells that it was started, and what it was given. */
class Launched implements Disposable {
  readonly plugin = new PluginFolder();
  readonly socket = join(this.plugin.path, 's', 'ipam.sock');
  readonly #script = join(this.plugin.path, 'edge-ipam');

  constructor() {
    const loader = join(this.plugin.path, 'lib64', 'ld-linux-any.so.1');
    for (const folder of ['s', 'lib64']) mkdirSync(join(this.plugin.path, folder));
    writeFileSync(loader, '#!/bin/sh\nprintf "%s " "$4"; exec cat\n');
    writeFileSync(this.#script, launcher({ root: this.plugin.path, program: '/app/edge-ipam.mjs', socket: this.socket }));
    for (const path of [loader, this.#script]) chmodSync(path, 0o755);
  }

  get serve(): Parameters<typeof serveCalls>[0] {
    return { socket: this.socket, told: () => {}, folders: this.plugin };
  }

  async run(command: string, options: CallOptions = {}): Promise<{ code: number | null; out: string }> {
    const child = spawn(this.#script, { env: { PATH: process.env['PATH'], http_proxy: 'http://127.0.0.1:1', ...this.plugin.environment(command, options) }, stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(this.plugin.config(options));
    const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number | null]>]);
    return { code, out };
  }

  /** What is printed when the plugin is started itself. */
  get fallback(): string {
    return `${this.plugin.path}/app/edge-ipam.mjs ${this.plugin.config()}`;
  }

  [Symbol.dispose](): void {
    this.plugin[Symbol.dispose]();
  }
}

test('the resident answers as the plugin does: a result and 0, nothing and 0, an error and 1', able, async () => {
  using launched = new Launched();
  const outcomes: boolean[] = [];
  await using _serving = await serveCalls({ ...launched.serve, served: (ok) => void outcomes.push(ok) });
  assert.equal(statSync(launched.socket).mode & 0o777, 0o600);
  const added = await launched.run('ADD');
  assert.deepEqual([added.code, JSON.parse(added.out)], [0, launched.plugin.result('ADD')]);
  assert.deepEqual(await launched.run('DEL'), { code: 0, out: '' });
  const refused = await launched.run('ADD', { ipam: { ranges: [] } });
  assert.deepEqual([refused.code, JSON.parse(refused.out)], [1, launched.plugin.error('ADD', { ipam: { ranges: [] } })]);
  const bare = await launched.run('ADD', { container: 'c9', environment: { CNI_ARGS: undefined } });
  assert.equal(bare.code, 0);
  assert.deepEqual(launched.plugin.state.reservations.at(-1)!.owner, { container: 'c9' });
  assert.deepEqual(outcomes, [true, true, false, true]);
});

test('without a resident, with one that has died, and with one that talks nonsense, the plugin itself is started, with what it needs', able, async () => {
  using launched = new Launched();
  assert.deepEqual(await launched.run('ADD'), { code: 0, out: launched.fallback });
  for (const answer of ['', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"half":']) {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(answer));
    });
    await once(server.listen(launched.socket), 'listening');
    await using _listening = server;
    assert.deepEqual(await launched.run('ADD'), { code: 0, out: launched.fallback }, answer);
  }
  // A socket that nobody listens on any more.
  const died = spawn(process.execPath, ['-e', 'require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))', launched.socket]);
  await once(died, 'exit');
  assert.ok(statSync(launched.socket).isSocket());
  assert.deepEqual(await launched.run('ADD'), { code: 0, out: launched.fallback });
  await using _serving = await serveCalls(launched.serve);
  assert.match((await launched.run('ADD')).out, /"10\.244\.1\.2\/29"/);
});

test('calls at once, of the resident and of others, give each its own', able, async () => {
  using launched = new Launched();
  await using _serving = await serveCalls(launched.serve);
  const ipam = { ranges: [[{ subnet: '10.244.1.0/24' }]] };
  const indices = Array.from({ length: 20 }, (_, index) => index);
  const answers = await Promise.all(indices.map(async (index) => {
    const options: CallOptions = { container: `c${index}`, pod: [`p${index}`, `u${index}`], ipam };
    return index % 2 === 0 ? launched.plugin.add(options) : (JSON.parse((await launched.run('ADD', options)).out) as { ips: { address: string }[] }).ips[0]!.address.split('/')[0];
  }));
  assert.equal(new Set(answers).size, 20);
});
