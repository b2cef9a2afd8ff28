import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeTree } from '../../core/remove-tree.ts';
import { demandEngine } from './demand-engine.ts';

test('an engine is there while somebody listens on its socket, and gone after that; one elsewhere is not asked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edgeproof-engine-'));
  const path = join(folder, 'docker.sock');
  const host = `unix://${path}`;
  await assert.rejects(demandEngine({ host }), { code: 'ENGINE_GONE' });
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  await demandEngine({ host });
  await new Promise((resolve) => void server.close(resolve));
  await assert.rejects(demandEngine({ host }), { code: 'ENGINE_GONE' });
  await demandEngine({ host: 'tcp://192.0.2.1:2376' });
  await removeTree(folder);
});
