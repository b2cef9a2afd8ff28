import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { UsageError } from '../../../core/errors.ts';
import { repositoryRoot } from '../../../core/paths.ts';
import { flag, parseFlags } from './flags.ts';

const shape = { needed: flag.text, someMs: flag.ms(5), bytes: flag.bytes(7), listen: flag.listen('', 80), to: flag.remote, names: flag.list, ranges: flag.cidrs, label: flag.label.optional(), socket: flag.socketPath.optional(), logLevel: flag.logLevel };
const least = ['--needed', 'x', '--to', 'host:1'];

test('flags are read, and what is left out has its default', () => {
  assert.deepEqual(parseFlags(shape, least), { needed: 'x', someMs: 5, bytes: 7, listen: { host: '', port: 80 }, to: { host: 'host', port: 1 }, names: [], ranges: [], logLevel: 'info' });
  const all = parseFlags(shape, ['--needed=y', '--some-ms=250', '--bytes', '1000000000', '--listen=:0', '--to=[fd00::1]:443', '--names= a,,b ', '--ranges=10.0.0.0/8,192.168.0.0/16', '--label=a.b/c=edge', '--socket=/run/x.sock', '--log-level=debug']);
  assert.deepEqual(all, { needed: 'y', someMs: 250, bytes: 1e9, listen: { host: '', port: 0 }, to: { host: 'fd00::1', port: 443 }, names: ['a', 'b'], ranges: ['10.0.0.0/8', '192.168.0.0/16'], label: 'a.b/c=edge', socket: '/run/x.sock', logLevel: 'debug' });
});

test('a flag that is wrong or missing is named in a sentence', () => {
  for (const [argv, message] of [
    [[], '--needed is missing; --to is missing'],
    [[...least, '--some-ms=soon'], '--some-ms must be a whole number of milliseconds'],
    [[...least, '--some-ms=0'], '--some-ms must be a whole number of milliseconds, between 1 and 2147483647'],
    // More is no time at all to a timer of Node.
    [[...least, '--some-ms=2147483648'], '--some-ms must be a whole number of milliseconds, between 1 and 2147483647'],
    [[...least, '--listen=:65536'], '--listen must have a port up to 65535'],
    [[...least, '--listen=80'], '--listen must be HOST:PORT'],
    [['--needed=x', '--to=:80'], '--to must name a host and a port to dial'],
    [[...least, '--needed='], '--needed must not be empty'],
    [[...least, '--ranges=10.0.0.0'], '--ranges must be IPv4 ranges like 10.96.0.0/16, separated by commas'],
    [[...least, '--ranges=10.0.0.0/33'], '--ranges must be IPv4 ranges like 10.96.0.0/16, separated by commas'],
    [[...least, '--socket=x.sock'], '--socket must be an absolute path'],
    // What is longer the kernel would refuse, or cut.
    [[...least, `--socket=/${'x'.repeat(107)}`], '--socket must be a path of at most 107 bytes'],
    [[...least, '--label=edge'], '--label must be KEY=VALUE'],
    [[...least, '--log-level=loud'], '--log-level must be trace, debug, info, warn, error, fatal or silent'],
    [[...least, '--other=1'], "Unknown option '--other'"],
    [[...least, 'word'], "Unexpected argument 'word'"],
    [[...least, '--names'], "Option '--names <value>' argument missing"],
  ] as const) {
    assert.throws(() => parseFlags(shape, argv), (error) => {
      assert.ok(error instanceof UsageError);
      assert.ok(error.message.startsWith(message), error.message);
      assert.match(error.next ?? '', /--needed, --some-ms/);
      return true;
    });
  }
});

test('both programs say what is wrong on stderr, and exit with 254', async () => {
  const run = async (program: string, args: readonly string[]): Promise<string> => {
    const child = spawn(process.execPath, [join(repositoryRoot, 'components/tunnel', program, 'main.ts'), ...args], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit') as Promise<[number]>]);
    assert.equal(out, '');
    return `${code} ${error}`;
  };
  const [server, agent] = await Promise.all([run('server', ['--connect', 'nowhere']), run('agent', ['--server', 'host:1', '--cert', '/none', '--key', '/none', '--ca', '/none'])]);
  assert.match(server, /^254 edge-tunnel-server: --connect must be HOST:PORT; --cert is missing;/);
  assert.match(agent, /^254 edge-tunnel-agent: \/none cannot be read: ENOENT\n/);
});
