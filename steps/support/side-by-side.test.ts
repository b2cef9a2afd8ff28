import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runsSideBySide } from './side-by-side.ts';
import plugin from './side-by-side-first.ts';

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
