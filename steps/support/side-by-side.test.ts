import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCarriers } from './carriers.ts';
import { runsSideBySide } from './side-by-side.ts';
import plugin from './side-by-side-first.ts';
import { replacePod } from './tunnel-parts.ts';
import type { EdgeWorld } from './world.ts';

test('a scenario of the tunnel runs side by side on plain Kubernetes, where it ends before it breaks anything', () => {
  assert.equal(runsSideBySide(['@tunnel', '@tunnel-ghost', '@stock:EXEC_UNREACHABLE'], true), true);
  assert.equal(runsSideBySide(['@tunnel', '@tunnel-ghost', '@stock:EXEC_UNREACHABLE'], false), false);
  assert.equal(runsSideBySide(['@tunnel', '@tunnel-cloud-egress', '@baseline'], true), false);
  assert.equal(runsSideBySide(['@autonomy', '@autonomy-power-cut', '@stock:POD_NOT_RUNNING'], true), false);
  assert.equal(runsSideBySide(['@lifecycle', '@baseline', '@side-by-side'], false), true);
});

test('what runs side by side comes first, and otherwise the order stays', () => {
  const pickles = ['a', 'b @side-by-side', 'c', 'd @side-by-side'].map((text) => ({ pickle: { name: text[0], tags: text.split(' ').slice(1).map((name) => ({ name })) } }));
  let ordered: unknown[] = [];
  plugin.coordinator({ transform: (_, transformer) => void (ordered = transformer(pickles)) });
  assert.deepEqual(ordered.map((one) => (one as (typeof pickles)[number]).pickle.name), ['b', 'd', 'a', 'c']);
});

test('a part of the tunnel is neither deleted nor stopped while other scenarios run', async () => {
  // It has nothing to do anything with: whoever goes on fails otherwise.
  const world = { demandAlone: (what: string) => { throw new Error(`not alone: ${what}`); } } as unknown as EdgeWorld;
  const pod = { metadata: { name: 'server-1' }, spec: { nodeName: 'cloud' } } as Parameters<typeof replacePod>[2];
  await assert.rejects(replacePod(world, 'server', pod), /not alone: the end of tunnel server server-1/);
  await assert.rejects(findCarriers(world, {} as Parameters<typeof findCarriers>[1], [pod], new Map()), /not alone: a tunnel server that stands still/);
});
