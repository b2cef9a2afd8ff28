import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { all, collectHeaders, endToEnd } from './headers.ts';

const bounded = { interruptAfterTimeLimit: 3000, markInterruptAsFailure: false };
const names = fc.constantFrom('Accept', 'accept', 'Impersonate-Group', 'X-A', 'x-a', 'Connection', 'TE', '__proto__', 'constructor', ':path', 'Transfer-Encoding');

test('every value of every header is kept, in order, and nothing of HTTP/2\'s own', () => {
  fc.assert(fc.property(fc.array(fc.tuple(names, fc.stringMatching(/^[a-z, ]{0,8}$/))), (pairs) => {
    const headers = collectHeaders(pairs.flat());
    for (const [name] of pairs) {
      const values = pairs.filter(([other]) => other.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
      assert.deepEqual(all(headers, name.toLowerCase()), name.startsWith(':') ? [] : values);
    }
  }), bounded);
});

test('what goes on speaks of no connection', () => {
  fc.assert(fc.property(fc.array(fc.tuple(names, fc.stringMatching(/^(x-a|[a-z]{0,4})(, x-a)?$/))), (pairs) => {
    const headers = collectHeaders(pairs.flat());
    const on = endToEnd(headers);
    const named = all(headers, 'connection').join().includes('x-a');
    for (const name of ['connection', 'te', 'transfer-encoding']) assert.ok(!Object.hasOwn(on, name));
    assert.equal(Object.hasOwn(on, 'x-a'), Object.hasOwn(headers, 'x-a') && !named);
    assert.deepEqual(on['impersonate-group'], headers['impersonate-group']);
  }), bounded);
});
