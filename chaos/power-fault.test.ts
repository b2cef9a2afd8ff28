import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import type { Docker } from '../harness/docker/docker.ts';
import { createFault, type FaultContext } from './fault.ts';

interface Node { state: 'running' | 'stopping' | 'off'; lives: number }

const nodes = [{ name: 'a', address: '10.0.0.1', tier: 'edge' }, { name: 'b', address: '10.0.0.2', tier: 'edge' }];

/** An engine whose nodes take a moment to stop, whether or not somebody still waits for it. */
function engine(stopMs: Record<string, number>, refuses?: string): { docker: Docker; nodes: Map<string, Node> } {
  const machines = new Map<string, Node>(nodes.map(({ name }) => [name, { state: 'running', lives: 1 }]));
  const of = (name: string): Node => machines.get(name)!;
  const answer = (stdout: string, code = 0) => ({ code, stdout, stderr: '' });
  const docker = {
    inspect: async (name: string) => ({ State: { Running: of(name).state !== 'off', StartedAt: `2026-01-01T00:00:0${of(name).lives}Z` } }),
    address: async (name: string) => nodes.find((node) => node.name === name)!.address,
    exec: async (name: string, argv: string[], { signal }: { signal?: AbortSignal } = {}) => {
      signal?.throwIfAborted();
      const { state, lives } = of(name);
      if (state === 'off') return answer('', 1);
      if (argv[1] === 'is-system-running') return answer(state);
      return argv[0] === 'cat' ? answer(`1 (systemd) ${'0 '.repeat(19)}${lives}`) : answer('active');
    },
    run: async (argv: string[], { signal }: { signal?: AbortSignal } = {}) => {
      const name = argv.at(-1)!;
      if (argv[0] === 'inspect') return answer(JSON.stringify({ IPAMConfig: { IPv4Address: await docker.address(name) } }));
      if (argv[0] === 'start') of(name).state = 'running', of(name).lives++;
      if (argv[0] === 'stop') {
        if (name === refuses) throw new Error(`${name} refuses`);
        of(name).state = 'stopping';
        const stopped = sleep(stopMs[name] ?? 1).then(() => { of(name).state = 'off'; });
        await Promise.race([stopped, new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('killed'))))]);
      }
      return answer('');
    },
  };
  return { docker: docker as unknown as Docker, nodes: machines };
}

const context = (docker: Docker, signal: AbortSignal): FaultContext => ({ docker, signal, cluster: { name: 'dev', network: { name: 'n' }, nodes, wans: [] } as unknown as FaultContext['cluster'] });
const calm = AbortSignal.timeout(20_000);

test('a restarted node shows a new life', async () => {
  const { docker } = engine({});
  const fault = createFault('node-restart', 'node a');
  await fault.inject(context(docker, calm));
  assert.match(await fault.verify(context(docker, calm)), /^a: a new PID 1/);
});

test('an abort or a failure leaves no node that goes off after it was healed', async () => {
  const aborted = engine({ a: 40 });
  const controller = new AbortController();
  const restart = createFault('node-restart', 'node a');
  setTimeout(() => controller.abort(new Error('Ctrl-C')), 10);
  await assert.rejects(restart.inject(context(aborted.docker, controller.signal)), /Ctrl-C/);
  await restart.heal(context(aborted.docker, calm));
  assert.equal(aborted.nodes.get('a')?.state, 'running');

  const failing = engine({ a: 40 }, 'b');
  const both = createFault('node-restart', 'node a,b');
  await assert.rejects(both.inject(context(failing.docker, calm)), /b refuses/);
  await both.heal(context(failing.docker, calm));
  await sleep(60);
  assert.deepEqual([...failing.nodes.values()].map(({ state }) => state), ['running', 'running']);
});

test('a node that another process was stopping when it was killed is waited for, and started', async () => {
  const { docker, nodes: machines } = engine({ a: 250 });
  void docker.run(['stop', 'a']);
  await createFault('node-restart', 'node a').heal(context(docker, calm));
  await sleep(300);
  assert.deepEqual(machines.get('a'), { state: 'running', lives: 2 });
});
