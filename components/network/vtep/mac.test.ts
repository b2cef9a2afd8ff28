import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { macOfNode } from './mac.ts';

test('a name has the same MAC for ever: these are out in the world', () => {
  assert.equal(macOfNode('dev-worker'), '5e:74:b1:cd:ed:07');
  assert.equal(macOfNode('edge-1.example.com'), 'ba:9c:52:8b:ae:54');
});

test('it is the address of one station, administered locally', () => {
  fc.assert(fc.property(fc.string(), (name) => {
    const mac = macOfNode(name);
    assert.match(mac, /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/);
    assert.equal(parseInt(mac.slice(0, 2), 16) & 0b11, 0b10);
  }));
});

test('ten thousand names have as many MACs', () => {
  assert.equal(new Set(Array.from({ length: 10_000 }, (_, index) => macOfNode(`edge-${index}`))).size, 10_000);
});
