import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { formatDuration } from './duration.ts';
import { createProgress, silentProgress } from './progress.ts';

class Sink {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;
  constructor(isTTY = false, columns = 60) {
    this.isTTY = isTTY;
    this.columns = columns;
  }
  write(text: string): void {
    this.text += text;
  }
  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }
}

/** What a terminal of the sink's width shows in the end: only what these sequences need. */
function screen(text: string): string[] {
  const rows = [''];
  for (const [, clear, newline, colour, char = ''] of text.matchAll(/(\r\x1b\[2K)|(\n)|(\x1b\[\d+m)|([^])/gu)) {
    if (clear) rows.splice(-1, 1, '');
    else if (newline) rows.push('');
    else if (!colour) rows[rows.length - 1] += char;
  }
  return rows;
}

test('plain lines: one at the start, one at the end, with results and failures', async () => {
  const sink = new Sink();
  const progress = createProgress(sink, { now: () => 0 });
  const seven = await progress.step('Images', async (step) => {
    step.result('7 there already');
    return 7;
  });
  assert.equal(seven, 7);
  const boom = new Error('boom');
  await assert.rejects(progress.step('Boot', (step) => step.step('kind', () => { throw boom; })), boom);
  assert.deepEqual(sink.lines, ['… Images', '✓ Images (0.0 s): 7 there already', '… Boot', '… Boot › kind', '✗ Boot › kind (0.0 s)', '✗ Boot (0.0 s)']);
});

test('a long step says every 30 s that it still runs, and what it is at; only the innermost speaks', async () => {
  mock.timers.enable({ apis: ['setInterval'] });
  try {
    let clock = 0;
    const pass = (ms: number): void => {
      for (let at = 0; at < ms; at += 1000) {
        clock += 1000;
        mock.timers.tick(1000);
      }
    };
    const sink = new Sink();
    const progress = createProgress(sink, { now: () => clock });
    await progress.step('Images', async (outer) => {
      pass(10_000);
      await outer.step('kubernetes', (step) => {
        step.detail('go: downloading\n\x1b[32mk8s.io/api\x1b[0m v0.37.2\n');
        pass(95_000);
        assert.deepEqual(progress.running(), ['Images › kubernetes (1 min 35 s): k8s.io/api v0.37.2']);
      });
    });
    assert.deepEqual(sink.lines, [
      '… Images',
      '… Images › kubernetes',
      '… Images › kubernetes: still running after 30 s: k8s.io/api v0.37.2',
      '… Images › kubernetes: still running after 1 min 00 s: k8s.io/api v0.37.2',
      '… Images › kubernetes: still running after 1 min 30 s: k8s.io/api v0.37.2',
      '✓ Images › kubernetes (1 min 35 s)',
      '✓ Images (1 min 45 s)',
    ]);
  } finally {
    mock.timers.reset();
  }
});

test('a terminal has one live line, which never wraps and is gone in the end', async () => {
  mock.timers.enable({ apis: ['setInterval'] });
  try {
    let clock = 0;
    const sink = new Sink(true, 40);
    const progress = createProgress(sink, { now: () => clock, env: {} });
    await progress.step('Boot', async (boot) => {
      await Promise.all([
        boot.step('kind', (step) => { step.detail('x'.repeat(100)); clock = 12_345; mock.timers.tick(125); }),
        boot.step('wan', () => {}),
      ]);
      progress.line('a line that stays');
    });
    const live = sink.text.split('\r\x1b[2K').map((part) => part.replace(/\x1b\[\d+m/g, '')).filter((part) => part.includes('Boot › kind'));
    assert.match(live[0]!, /^. Boot › kind 12 s( \(and 1 more\))?  x+$/);
    assert.equal([...live[0]!].length, 39);
    assert.deepEqual(screen(sink.text), ['  ✓ kind (12.3 s)', '  ✓ wan (0.0 s)', 'a line that stays', '✓ Boot (12.3 s)', '']);
    assert.match(sink.text, /\x1b\[32m✓\x1b\[0m/);
    assert.ok(!sink.text.includes('\x1b[?25l'), 'the cursor is never hidden');
  } finally {
    mock.timers.reset();
  }
});

test('NO_COLOR takes the colours away, and close() the live line of a step that never ended', () => {
  mock.timers.enable({ apis: ['setInterval'] });
  try {
    const sink = new Sink(true);
    const progress = createProgress(sink, { env: { NO_COLOR: '1' } });
    void progress.step('forever', () => new Promise<never>(() => {}));
    mock.timers.tick(500);
    assert.ok(sink.text.includes('forever'));
    progress.close();
    assert.deepEqual(screen(sink.text), ['']);
    const before = sink.text;
    mock.timers.tick(5000);
    assert.equal(sink.text, before);
    assert.doesNotMatch(sink.text, /\x1b\[\d+m/);
  } finally {
    mock.timers.reset();
  }
});

test('silent progress runs the work', async () => {
  assert.equal(await silentProgress.step('a', async (step) => { step.detail('x'); return await step.step('b', () => 3); }), 3);
});

test('durations', () => {
  const cases: [number, string][] = [[0, '0.0 s'], [449, '0.4 s'], [59_940, '59.9 s'], [59_960, '1 min 00 s'], [185_000, '3 min 05 s'], [3_599_600, '1 h 00 min'], [3_720_000, '1 h 02 min']];
  for (const [ms, text] of cases) assert.equal(formatDuration(ms), text);
});
