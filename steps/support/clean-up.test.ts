import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { waitFor } from '../../core/wait.ts';
import type { FaultRecord } from '../../chaos/fault.ts';
import { cleanUp } from './clean-up.ts';
import type { Session } from './session.ts';
import { Undos } from './undos.ts';
import type { EdgeWorld } from './world.ts';

test('what a step changed is undone, and the namespace removed, also when a fault could not be healed', async () => {
  const done: string[] = [];
  const left: FaultRecord = { id: 'a', kind: 'wan-down', target: 'site nowhere', startedAt: new Date(1000).toISOString() };
  const undos = new Undos();
  undos.add('the label', async () => void done.push('label'));
  const world = { scope: { namespace: 'mine', ground: 'everything', admitted: new Set() }, namespace: 'mine', startedAt: new Date(0), faultRecords: new Map<string, FaultRecord>(), undos };
  const session = {
    cluster: { name: 'dev', nodes: [], wans: [] },
    docker: { engine: { host: 'tcp://192.0.2.1:2376' }, run: async () => { throw new Error('the engine is gone'); } },
    faults: { active: async () => [left], get: async () => left, records: async () => [left] },
    kube: { delete: async (_version: string, kind: string, name: string) => void done.push(`${kind} ${name}`) },
  };
  await assert.rejects(cleanUp(world as unknown as EdgeWorld, session as unknown as Session, 0), { code: 'FAULT_NOT_HEALED' });
  assert.deepEqual(done, ['label', 'Namespace mine']);
  assert.deepEqual([...world.faultRecords.keys()], ['a']);
});

test('without an engine nothing is waited for', async () => {
  await assert.rejects(cleanUp({} as EdgeWorld, { docker: { engine: { host: 'unix:///run/nobody-listens-here.sock' } } } as unknown as Session, 0), { code: 'ENGINE_GONE' });
});

test('an engine that goes while nodes are waited for ends the clean-up', { timeout: 20_000 }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-engine-'));
  const path = join(folder.path, 'docker.sock');
  const held = new Set<Socket>();
  const engine = createServer((socket) => void held.add(socket.on('error', () => {}))).listen(path);
  await once(engine, 'listening');
  const undos = new Undos();
  // As a node is waited for that only its engine can start.
  undos.add('the wait', async (signal) => {
    await waitFor('the connection', async () => (held.size > 1 ? { done: undefined } : { missing: 'nobody is told of the end' }), { timeoutMs: 5000, everyMs: 5 });
    engine.close();
    for (const socket of held) socket.destroy();
    await new Promise((_, reject) => { signal.addEventListener('abort', () => reject(signal.reason as Error)); });
  });
  const world = { scope: { namespace: 'mine', ground: 'everything', admitted: new Set() }, namespace: 'mine', startedAt: new Date(0), faultRecords: new Map<string, FaultRecord>(), undos };
  const session = {
    cluster: { name: 'dev', nodes: [], wans: [] }, docker: { engine: { host: `unix://${path}` } },
    faults: { active: async () => [], records: async () => [] }, kube: { delete: async () => {} },
  };
  await assert.rejects(cleanUp(world as unknown as EdgeWorld, session as unknown as Session, 0), { code: 'ENGINE_GONE' });
});
