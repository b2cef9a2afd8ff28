import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildReport } from './build.ts';
import { fixtureCatalogue, fixtureRunDir } from './fixture/shared.ts';
import { escapeXml } from './junit.ts';

const dir = await fixtureRunDir();
await buildReport(dir, fixtureCatalogue);
const xml = await readFile(join(dir, 'junit.xml'), 'utf8');

/** Names of the elements of a text that is only elements, attributes in double quotes and text; fails if it is no such thing. */
function elementsOf(text: string): string[] {
  const names: string[] = [];
  const open: string[] = [];
  const body = text.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '');
  const entity = '&(?:amp|lt|gt|quot);';
  const token = new RegExp(`<(/?)([a-z]+)((?: [a-z]+="(?:[^<&"]|${entity})*")*)(/?)>|(?:[^<>&]|${entity})+`, 'gy');
  while (token.lastIndex < body.length) {
    const at = token.lastIndex;
    const found = token.exec(body);
    assert.ok(found !== null, `not well-formed at: ${body.slice(at, at + 80)}`);
    const name = found[2];
    if (name === undefined) continue;
    if (found[1] === '/') assert.equal(open.pop(), name);
    else {
      names.push(name);
      if (found[4] !== '/') open.push(name);
    }
  }
  assert.deepEqual(open, []);
  return names;
}

test('it is well-formed, and its counts are those of its elements', () => {
  const names = elementsOf(xml);
  const count = (name: string): number => names.filter((one) => one === name).length;
  const totals = /<testsuites [^>]*tests="(\d+)" failures="(\d+)" errors="(\d+)" skipped="(\d+)"/.exec(xml)?.slice(1).map(Number);
  assert.deepEqual(totals, [count('testcase'), count('failure'), count('error'), count('skipped')]);
  assert.deepEqual(totals, [14, 3, 2, 2]);
});

test('a broken promise is a failure with its code, an undefined step an error, an unclaimed promise skipped', () => {
  assert.match(xml, /<failure message="the Pod web-0 had 10\.244\.3\.7 and now has 10\.244\.3\.9" type="POD_IP_CHANGED">/);
  assert.match(xml, /<error message="No step definition matches &quot;Then nobody/);
  assert.match(xml, /<skipped message="reference does not claim units"\/>/);
});

test('text is escaped', () => {
  assert.match(xml, /&lt;script&gt;alert\(&quot;too&quot;\)&lt;\/script&gt; &amp; all/);
  assert.equal(escapeXml('a\u0007b\u001b[31m\n\t\ud800c\ufffe'), 'a\\u0007b\\u001b[31m\n\t\\ud800c\\ufffe');
  assert.equal(escapeXml('😀'), '😀');
});

test('no text breaks the document', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    assert.deepEqual(elementsOf(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`), ['a']);
    assert.doesNotMatch(escapeXml(text), /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
  }));
});
