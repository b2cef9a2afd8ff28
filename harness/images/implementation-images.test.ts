import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ImplementationImage } from '../implementation.ts';
import { derivedImages } from './implementation-images.ts';

const folder = await mkdtemp(join(tmpdir(), 'edgeproof-derived-'));
after(async () => await rm(folder, { recursive: true }));
const file = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

const base = { cloud: 'edgeproof/cloud-node:1', edge: 'edgeproof/edge-node:1' };
const image = (source: string, more: Partial<ImplementationImage> = {}): ImplementationImage => ({ tags: ['edgeproof.dev/agent:v1'], tiers: ['edge'], node: true, files: { '/agent.mjs': source }, ...more });

test('a tier to which nothing is brought keeps the plain image', async () => {
  assert.deepEqual(await derivedImages(base, 'mine', []), base);
  const derived = await derivedImages(base, 'mine', [image(await file('a', '1'))]);
  assert.equal(derived.cloud, base.cloud);
  assert.match(derived.edge, /^edgeproof\/edge-node-mine:[0-9a-f]{12}$/);
});

test('the name follows from the base and the content, not from where the content lies', async () => {
  const edge = async (images: readonly ImplementationImage[], on = base): Promise<string> => (await derivedImages(on, 'mine', images)).edge;
  const first = await edge([image(await file('a', '1'))]);
  assert.equal(await edge([image(await file('b', '1'))]), first);
  assert.equal(await edge([image(await file('a', '1')), image(await file('c', 'x'), { tiers: ['cloud'] })]), first, 'what is for the cloud alone');
  const others = await Promise.all([
    edge([image(await file('d', '2'))]),
    edge([image(await file('a', '1'))], { ...base, edge: 'edgeproof/edge-node:2' }),
    edge([image(await file('a', '1'), { tags: ['edgeproof.dev/agent:v2'] })]),
    edge([image(await file('a', '1'), { node: false })]),
    edge([image(await file('a', '1'), { files: { '/other.mjs': await file('a', '1') } })]),
    edge([image(await file('a', '1'), { entrypoint: ['node'] })]),
    edge([image(await file('a', '1')), image(await file('c', 'x'))]),
  ]);
  assert.equal(new Set([first, ...others]).size, 8);
});
