import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { exec } from '../core/exec.ts';
import { repositoryRoot } from '../core/paths.ts';
import { readCast } from './cast.ts';
import { shownTimes, svgOf } from './recording-svg.ts';

const cast = (...events: readonly (readonly [number, string])[]): string =>
  [{ version: 2, width: 40, height: 20, title: 'npm run demo' }, ...events.map(([at, text]) => [at, 'o', text])].map((line) => JSON.stringify(line)).join('\n');

test('a recording is read with its times and its colours', () => {
  const { columns, title, lines } = readCast(cast([0, '\r\n'], [1.5, 'a \u001b[1;33mdeed\u001b[0m & more\r\n'], [2, 'x\r\ny\r\n']));
  assert.deepEqual([columns, title], [40, 'npm run demo']);
  assert.deepEqual(lines, [
    { at: 0, spans: [] },
    { at: 1.5, spans: [{ text: 'a ', codes: [] }, { text: 'deed', codes: [1, 33] }, { text: ' & more', codes: [] }] },
    { at: 2, spans: [{ text: 'x', codes: [] }] },
    { at: 2, spans: [{ text: 'y', codes: [] }] },
  ]);
});

test('what is no recording of whole lines is refused, with its place', () => {
  assert.throws(() => readCast(''), { code: 'CAST_INVALID', message: /^line 1 of the recording: it is no JSON/ });
  assert.throws(() => readCast(cast()), /the recording has no line/);
  assert.throws(() => readCast(cast([0, 'half a line'])), /line 2 of the recording: it does not end a line/);
  assert.throws(() => readCast(cast([0, 'a\u001b[2Kb\r\n'])), /line 2 of the recording: it has a control character/);
  assert.throws(() => readCast(`${cast([0, 'a\r\n'])}\n[1,"i","a"]`), /line 3/);
});

test('pauses are shortened, and what came at once comes one after the other', () => {
  const times = shownTimes([{ at: 0 }, { at: 0 }, { at: 0.5 }, { at: 60 }]);
  assert.deepEqual(times.map((time) => Number(time.toFixed(2))), [0, 0.13, 0.63, 2.23]);
});

test('a line is drawn as wide as its columns, escaped, in its colours, and appears at its time', () => {
  const svg = svgOf(readCast(cast([0, 'first\r\n'], [1, '   \u001b[32m<ok> & done\u001b[0m\r\n'])));
  assert.match(svg, /<text id="l1" x="41.2" y="83" textLength="92.4" lengthAdjust="spacingAndGlyphs" xml:space="preserve">.*&lt;ok&gt; &amp; done/);
  assert.match(svg, /<tspan class="g">&lt;ok&gt; &amp; done<\/tspan>/);
  // It ends after 1 s and the 10 s for which its end is shown.
  assert.match(svg, /@keyframes l1\{0%\{opacity:0\}9.09%\{opacity:1\}\}#l1\{animation:l1 11.0s step-end infinite\}/);
  assert.match(svg, /prefers-reduced-motion/);
});

test('what does not fit moves up, and the end is what stands still', () => {
  const svg = svgOf(readCast(cast(...Array.from({ length: 33 }, (_, index): [number, string] => [index, `line ${index}\r\n`]))));
  assert.match(svg, /^#up\{transform:translateY\(-57px\)\}$/m);
  assert.equal([...svg.matchAll(/%\{transform:translateY/g)].length, 3);
});

test('a picture of a moment has the lines until then, and does not move', () => {
  const svg = svgOf(readCast(cast([0, 'first\r\n'], [5, 'second\r\n'])), 4.9);
  assert.match(svg, />first</);
  assert.doesNotMatch(svg, /second|animation|keyframes/);
});

test('the command line draws a file, and says what it takes', async () => {
  const script = join(repositoryRoot, 'docs', 'recording.ts');
  const refused = await exec([process.execPath, script, '--at', 'noon', 'x.cast'], { accept: 'any' });
  assert.equal(refused.code, 254);
  assert.match(refused.stderr, /recording\.ts FILE\.cast/);
  assert.equal((await exec([process.execPath, script, '/nowhere.cast'], { accept: 'any' })).code, 255);
});

test('the recording in the README is small, whole, and asks nobody for anything', async () => {
  const svg = await readFile(join(repositoryRoot, 'docs', 'demo.svg'), 'utf8');
  assert.ok(Buffer.byteLength(svg) < 150_000);
  assert.match(svg, /The promise is kept/);
  assert.doesNotMatch(svg, /@import|href=|url\((?!#)|<script|font-face/);
});
