import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import formatter from './demo-formatter.ts';

const recorded = readFileSync(join(import.meta.dirname, 'fixture', 'flagship.ndjson'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as never);

/** What is written to a stream while the recorded run is told. */
function written(stream: { isTTY?: boolean; columns?: number }, record?: string): string {
  let text = '';
  let hear: (message: never) => void = () => {};
  const before = { ...process.env };
  try {
    delete process.env['NO_COLOR'];
    delete process.env['EDGEPROOF_RECORD'];
    if (record !== undefined) process.env['EDGEPROOF_RECORD'] = record;
    const finished = formatter.formatter({ on: (_key, handler) => { hear = handler; }, write: (more) => { text += more; }, stream: stream as never });
    for (const message of recorded) hear(message);
    finished();
  } finally {
    process.env = before;
  }
  return text;
}

test('off a terminal it is plain lines, on one coloured, and in its width', () => {
  const plain = written({});
  assert.equal(plain, stripVTControlCharacters(plain));
  assert.match(plain, /The promise is kept/);
  const narrow = written({ isTTY: true, columns: 60 });
  assert.match(narrow, /\u001b\[32m✓/);
  const lines = narrow.split('\n').map((line) => stripVTControlCharacters(line).replaceAll('\r', ''));
  assert.deepEqual(lines.filter((line) => line.length > 60 && !/^ {14}\S+ +[0-9a-f]{8} |Pod +UID/.test(line) && line.trim().split(/\s+/).length > 1 && !/✓$/.test(line)), []);
});

test('what is recorded is what was told, with its times, as an asciicast', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'edgeproof-record-'));
  const file = join(folder.path, 'demo.cast');
  const plain = written({}, file);
  const [header, ...events] = (await readFile(file, 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as { version: number; width: number } & [number, string, string]);
  assert.deepEqual([header!.version, header!.width], [2, 100]);
  assert.equal(events.map(([, , text]) => stripVTControlCharacters(text)).join('').replaceAll('\r\n', '\n'), plain);
  const times = events.map(([at]) => at);
  assert.deepEqual(times.toSorted((a, b) => a - b), times);
  assert.ok(times.at(-1)! > 20);
});
