import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowsOf } from './table.ts';

const columns = { from: 'text', at: ['its address', 'its Service'] } as const;
const rows = (...raw: string[][]) => rowsOf({ raw: () => raw }, columns);

test('a table is read by its columns, in any order', () => {
  assert.deepEqual(rows(['at', 'from'], ['its Service', 'app']), [{ at: 'its Service', from: 'app' }]);
});

test('a table that would ask for less than it says is refused', () => {
  for (const raw of [[], [['from', 'at']], [['from'], ['app']], [['from', 'At'], ['app', 'its Service']], [['from', 'at'], ['', 'its Service']]]) assert.throws(() => rows(...raw), { code: 'TABLE' });
  assert.throws(() => rows(['from', 'at'], ['app', 'its service']), { code: 'TABLE', next: 'write one of: its address, its Service' });
});
