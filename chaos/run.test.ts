import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CannotTellError, UsageError } from '../core/errors.ts';
import { exec } from '../core/exec.ts';
import { WaitTimeoutError } from '../core/wait.ts';
import { Docker } from '../harness/docker/docker.ts';
import { createFault, type Fault, type FaultContext, faultFromRecord, faultKinds } from './fault.ts';
import { FaultLog } from './fault-log.ts';
import { healAll, healFault, injectFault } from './run.ts';

const cluster = {
  name: 'dev',
  nodes: [{ name: 'dev-worker2', tier: 'edge', role: 'worker', site: 'east', address: '10.0.0.4' }],
  wans: [{ site: 'east', container: 'dev-wan-east', address: '10.0.0.20' }],
} as unknown as FaultContext['cluster'];

const ctx = (signal: AbortSignal = AbortSignal.timeout(10_000)): FaultContext =>
  ({ cluster, docker: new Docker({ host: 'unix:///nowhere', private: false, version: '' }), signal });

/** A fault that only tells what was done to it. */
function told(overrides: Partial<Fault> = {}): Fault & { readonly calls: string[] } {
  const calls: string[] = [];
  const call = (name: string) => async (): Promise<void> => { calls.push(name); };
  return { kind: 'wan-down', target: 'site east', momentary: false, inject: call('inject'), verify: async () => { calls.push('verify'); return 'refused'; }, heal: call('heal'), ...overrides, calls };
}

async function withLog(work: (log: FaultLog, path: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'edgeproof-faults-'));
  const path = join(dir, 'dev', 'faults.json');
  try {
    await work(new FaultLog(path), path);
  } finally {
    await rm(dir, { recursive: true });
  }
}

test('a fault is on disk before it is injected, and has its three times in the end', () => withLog(async (log, path) => {
  const fault = told({ inject: async () => { assert.equal((JSON.parse(await readFile(path, 'utf8')) as unknown[]).length, 1); } });
  const record = await injectFault(ctx(), log, fault);
  assert.deepEqual([record.kind, record.target, record.evidence, record.endedAt], ['wan-down', 'site east', 'refused', undefined]);
  assert.ok(record.verifiedAt !== undefined && record.struckAt !== undefined && record.verifiedAt >= record.struckAt && record.struckAt >= record.startedAt);
  assert.deepEqual(await new FaultLog(path).active(), [record]);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
}));

test('a fault with something to prepare says when it struck; one that strikes again, when it did so last', () => withLog(async (log) => {
  const [first, second] = [new Date('2026-01-01T00:00:05.000Z'), new Date('2026-01-01T00:00:09.000Z')];
  const record = await injectFault(ctx(), log, told({ inject: async () => first }));
  assert.equal(record.struckAt, first.toISOString());
  const again = await injectFault(ctx(), log, told({ inject: async () => second }));
  assert.deepEqual([again.id, again.startedAt, again.struckAt], [record.id, record.startedAt, second.toISOString()]);
  assert.deepEqual(await log.active(), [again]);
}));

test('a lasting fault that is on is not begun anew; one that passes by itself is over when it was seen', () => withLog(async (log) => {
  const first = await injectFault(ctx(), log, told());
  const again = await injectFault(ctx(), log, told());
  assert.equal(again.id, first.id);
  const restart = await injectFault(ctx(), log, told({ kind: 'node-restart', target: 'node dev-worker2', momentary: true }));
  assert.equal(restart.endedAt, restart.verifiedAt);
  assert.deepEqual((await log.active()).map((record) => record.id), [first.id]);
}));

test('a fault that its victim does not feel is healed, and nothing can be told', () => withLog(async (log) => {
  const fault = told({ verify: async () => { throw new WaitTimeoutError('the end of it', 1, 'it lives'); } });
  await assert.rejects(injectFault(ctx(), log, fault), (error: unknown) => error instanceof CannotTellError && error.code === 'FAULT_NOT_SEEN');
  assert.deepEqual(fault.calls, ['inject', 'heal']);
  assert.deepEqual(await log.active(), []);
}));

test('an abort in the middle heals too', () => withLog(async (log) => {
  const controller = new AbortController();
  const healed: boolean[] = [];
  const fault = told({
    inject: async ({ signal }) => { controller.abort(new Error('Ctrl-C')); signal.throwIfAborted(); },
    heal: async ({ signal }) => { healed.push(!signal.aborted); },
  });
  await assert.rejects(injectFault(ctx(controller.signal), log, fault), { message: 'Ctrl-C' });
  assert.deepEqual(healed, [true]);
  assert.deepEqual(await log.active(), []);
}));

test('a fault that cannot be undone stays on record and says so', () => withLog(async (log) => {
  const fault = told({ inject: async () => { throw new Error('no'); }, heal: async () => { throw new Error('no either'); } });
  await assert.rejects(injectFault(ctx(), log, fault), { code: 'FAULT_NOT_HEALED' });
  assert.equal((await log.active()).length, 1);
}));

test('a target that is not there is refused before anything is written', () => withLog(async (log) => {
  await assert.rejects(injectFault(ctx(), log, told({ target: 'site north' })), (error: unknown) => error instanceof UsageError && error.next === 'its sites are: east');
  await assert.rejects(injectFault(ctx(), log, told({ target: 'node dev-worker9' })), UsageError);
  assert.deepEqual(await log.records(), []);
}));

test('what a killed process left is healed from its record alone, the last first, and only once', () => withLog(async (log, path) => {
  // Kills heal by doing nothing, so this needs no cluster.
  await log.put({ id: 'a', kind: 'container-kill', target: 'pod shop/web-0', startedAt: new Date(1).toISOString() });
  await log.put({ id: 'b', kind: 'sandbox-kill', target: 'pod shop/web-0/app', startedAt: new Date(2).toISOString() });
  const healed = await healAll(ctx(), new FaultLog(path));
  assert.deepEqual(healed.map((record) => record.id), ['b', 'a']);
  assert.deepEqual(await healAll(ctx(), log), []);
  assert.equal((await healFault(ctx(), log, 'a')).endedAt, healed[1]?.endedAt);
  await assert.rejects(healFault(ctx(), log, 'c'), { code: 'FAULT_UNKNOWN' });
}));

test('one that cannot be healed does not keep the others from it', () => withLog(async (log) => {
  await log.put({ id: 'a', kind: 'container-kill', target: 'pod shop/web-0', startedAt: new Date(1).toISOString() });
  await log.put({ id: 'b', kind: 'wan-down', target: 'site north', startedAt: new Date(2).toISOString() });
  await assert.rejects(healAll(ctx(), log), { code: 'FAULT_NOT_HEALED', message: /wan-down on site north: cluster dev has no site north/ });
  assert.deepEqual((await log.active()).map((record) => record.id), ['b']);
}));

test('a file that is not a fault log is named', () => withLog(async (log, path) => {
  await log.put({ id: 'a', kind: 'container-kill', target: 'pod shop/web-0', startedAt: new Date(1).toISOString() });
  await writeFile(path, '{"faults": 1}');
  await assert.rejects(log.records(), { code: 'FAULT_LOG' });
}));

test('writers of one process do not lose each other\'s records', () => withLog(async (log) => {
  const ids = Array.from({ length: 20 }, (_, index) => `f${index}`);
  await Promise.all(ids.map((id) => log.put({ id, kind: 'wan-down', target: 'site east', startedAt: new Date(1).toISOString() })));
  assert.deepEqual((await log.records()).map((record) => record.id), ids);
}));

test('writers of several processes do not lose each other\'s records', () => withLog(async (_, path) => {
  const program = `
    import { FaultLog } from '${import.meta.dirname}/fault-log.ts';
    const log = new FaultLog(process.argv[1]);
    for (let i = 0; i < 10; i++) await log.put({ id: process.argv[2] + i, kind: 'wan-down', target: 'site east', startedAt: new Date().toISOString() });`;
  await Promise.all(['a', 'b', 'c'].map((name) => exec([process.execPath, '--input-type=module', '--eval', program, path, name])));
  assert.equal((await new FaultLog(path).records()).length, 30);
}));

test('nothing is seen of what nobody did', async () => {
  for (const [kind, target] of [['container-kill', 'pod ns/name'], ['wan-reset', 'site east'], ['wan-rebind', 'site east'], ['sandbox-kill', 'pod ns/name'], ['unit-kill', 'unit dev-worker2/containerd.service'], ['flannel-restart', 'site east'], ['kube-proxy-restart', 'site east'], ['vtep-mac', 'node dev-worker2'], ['vtep-annotation', 'node dev-worker2']] as const) {
    await assert.rejects(createFault(kind, target).verify(ctx()), { code: 'FAULT_NOT_SEEN' }, kind);
  }
});

test('every kind has a row in the docs, and no row is of a kind that is not there', async () => {
  const text = await readFile(join(import.meta.dirname, '../docs/faults.md'), 'utf8');
  assert.deepEqual([...text.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, kind]) => kind).sort(), [...faultKinds].sort());
});

test('kinds and targets', () => {
  const targets = { 'wan-down': 'site east', 'wan-blackhole': 'site east', 'wan-reset': 'site east', 'wan-rebind': 'site east', 'wan-mute': 'site east', 'wan-deaf': 'site east', 'wan-latency': 'site east', 'wan-thin': 'site east', 'wan-slow-close': 'site east', 'wan-cut': 'site east', 'lb-stop': 'site east', 'lb-delete': 'site east', 'node-partition': 'node a,b', 'node-delete': 'node a', 'cert-short': 'node a', 'cert-other': 'node a,b', 'node-restart': 'node a,b', 'power-cut': 'site east', 'kubelet-restart': 'node a', 'flannel-restart': 'node a', 'containerd-restart': 'node a,b', 'kube-proxy-restart': 'site east', 'vtep-mac': 'node a', 'vtep-annotation': 'node a', 'unit-kill': 'unit a/containerd.service', 'container-kill': 'pod ns/name', 'sandbox-kill': 'pod ns/name' };
  for (const kind of faultKinds) {
    const fault = createFault(kind, targets[kind]);
    assert.deepEqual([fault.kind, fault.target], [kind, targets[kind]]);
    assert.equal(faultFromRecord({ id: '1', kind, target: targets[kind], startedAt: '' }).momentary, !['wan-down', 'wan-blackhole', 'wan-rebind', 'wan-mute', 'wan-deaf', 'wan-latency', 'wan-thin', 'wan-slow-close', 'wan-cut', 'node-partition', 'lb-stop', 'lb-delete', 'node-delete', 'cert-short', 'cert-other', 'vtep-mac', 'vtep-annotation'].includes(kind));
  }
  assert.throws(() => createFault('earthquake', 'site east'), UsageError);
  assert.throws(() => createFault('toString', 'site east'), UsageError);
  for (const target of ['east', 'node a', 'pod ns/name', 'site ', 'site a;b', 'site east west']) assert.throws(() => createFault('wan-down', target), UsageError, target);
  for (const target of ['node a', 'node a,a', 'node a,b,c', 'site east']) assert.throws(() => createFault('node-partition', target), UsageError, target);
  for (const target of ['pod name', 'pod /name', 'site east', 'pod a/b/c/d']) assert.throws(() => createFault('container-kill', target), UsageError, target);
});
