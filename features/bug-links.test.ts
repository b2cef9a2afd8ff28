import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkBugs } from './bug-links.ts';

test('bugs and addresses lead somewhere, the rest is text', () => {
  assert.deepEqual(linkBugs('OpenYurt #2809: see https://example.org/a(b), and flannel #1795.'), [
    { text: 'OpenYurt #2809', href: 'https://github.com/openyurtio/openyurt/issues/2809' }, { text: ': see ' },
    { text: 'https://example.org/a(b', href: 'https://example.org/a(b' }, { text: '), and ' },
    { text: 'flannel #1795', href: 'https://github.com/flannel-io/flannel/issues/1795' }, { text: '.' },
  ]);
  assert.deepEqual(linkBugs('seen on plain Kubernetes: issue #3'), [{ text: 'seen on plain Kubernetes: issue #3' }]);
  assert.deepEqual(linkBugs(''), []);
});
