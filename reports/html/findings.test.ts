import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textBlocks } from './findings.ts';
import { html } from './markup.ts';

test('what steps logged line by line is one text, and what else they attached is its own', () => {
  const page = html`${textBlocks([{ name: 'log', text: '1 of 2' }, { name: 'log', text: '2 of 2' }, { name: 'a', text: 'x' }, { name: 'a', text: 'y' }, { name: 'log', text: '<end>' }])}`.text;
  assert.deepEqual([...page.matchAll(/<summary>(.*?)<\/summary><pre>([^]*?)<\/pre>/g)].map(([, name, text]) => [name, text]), [['log', '1 of 2\n2 of 2'], ['a', 'x'], ['a', 'y'], ['log', '&lt;end&gt;']]);
});
