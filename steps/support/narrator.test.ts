import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { Envelope, TestStepFinished } from '@cucumber/messages';
import { mediaTypes } from '../../reports/attachments.ts';
import { Narrator, wrap } from './narrator.ts';
import { colourStyle, plainStyle } from './style.ts';
import { toldAttachment } from './told-attachment.ts';

/** What Cucumber said of a run of the flagship on a real cluster: without what no narrator reads. */
const recorded = readFileSync(join(import.meta.dirname, 'fixture', 'flagship.ndjson'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Envelope);
const texts = recorded.flatMap(({ pickle }) => pickle?.steps ?? []).map(({ text }) => text);

function told(envelopes: readonly Envelope[], style = plainStyle): { lines: string[]; times: number[]; narrator: Narrator } {
  const [lines, times]: [string[], number[]] = [[], []];
  const narrator = new Narrator({ style, line: (text, atMs) => { lines.push(text); times.push(atMs); } });
  for (const envelope of envelopes) narrator.message(envelope);
  return { lines, times, narrator };
}

/** The sentences of the steps, wherever their lines were broken. */
const sentencesIn = (lines: readonly string[]): string[] => {
  const all = lines.join(' ').replaceAll(/\s+/g, ' ');
  return texts.filter((text) => all.includes(text));
};

/** The recorded run, in which the step with this sentence ended otherwise, and those after it were skipped. */
function endedBy(sentence: string, result: Partial<TestStepFinished['testStepResult']>): Envelope[] {
  const pickleStep = recorded.flatMap(({ pickle }) => pickle?.steps ?? []).find(({ text }) => text.includes(sentence))!;
  const ids = recorded.flatMap(({ testCase }) => testCase?.testSteps ?? []);
  const index = ids.findIndex(({ pickleStepId }) => pickleStepId === pickleStep.id);
  return recorded.flatMap((envelope): Envelope[] => {
    const { testStepFinished: finished, attachment } = envelope;
    const at = ids.findIndex(({ id }) => id === (finished ?? attachment)?.testStepId);
    if (at < index || (finished === undefined && attachment === undefined)) return [envelope];
    if (finished === undefined) return [];
    const status = at === index ? 'FAILED' : ids[at]!.pickleStepId === undefined ? 'PASSED' : 'SKIPPED';
    return [{ testStepFinished: { ...finished, testStepResult: { ...finished.testStepResult, status, ...(at === index && result) } as TestStepFinished['testStepResult'] } }];
  });
}

test('a recorded run is told: every sentence, what was seen, who was who, and how it ended', () => {
  const { lines, times } = told(recorded);
  assert.deepEqual(sentencesIn(lines), texts);
  assert.match(lines.slice(0, 3).join('\n'), /^\nCut off and then without power, .*\nWhy: a storm/);
  assert.equal(lines.filter((line) => /^ {14}\S+ +[0-9a-f]{8} +\S+ +(\d+\.\d+\.\d+\.\d+) +\1 +✓$|^ +\d+\.\d s {6}\S+ +[0-9a-f]{8} +\S+ +(\d+\.\d+\.\d+\.\d+) +\2 +✓$/.test(line)).length, podCount);
  assert.equal(lines.filter((line) => /((?:[0-9a-f]{2}:){5}[0-9a-f]{2}) {2}\1 {2}✓$/.test(line)).length, 2);
  assert.match(lines.join('\n'), new RegExp(`✓ all ${podCount} Pods running again on [^:]*: \\d+\\.\\d s, promised within 45 s`));
  assert.match(lines.at(-1)!, /✓ The promise is kept, seen in \d+\.\d s\.$/);
  assert.deepEqual(lines.filter((line) => line.length > 100), []);
  assert.deepEqual(times.toSorted((a, b) => a - b), times);
});

const podCount = recorded.flatMap(({ attachment }) => (attachment?.mediaType === mediaTypes.identity ? [JSON.parse(attachment.body) as { before: { kind: string }[] }] : []))
  .flatMap(({ before }) => before).filter(({ kind }) => kind === 'pod').length;

test('colours add nothing but colours', () => {
  const coloured = told(recorded, colourStyle).lines;
  assert.notDeepEqual(coloured, told(recorded).lines);
  assert.deepEqual(coloured.map((line) => stripVTControlCharacters(line)), told(recorded).lines);
});

test('what has not come yet is not told, and what runs now is known', () => {
  const sentence = 'every node of the site loses its power';
  const pickleStep = recorded.flatMap(({ pickle }) => pickle?.steps ?? []).find(({ text }) => text === sentence)!;
  const testStep = recorded.flatMap(({ testCase }) => testCase?.testSteps ?? []).find(({ pickleStepId }) => pickleStepId === pickleStep.id)!;
  const end = recorded.findIndex(({ testStepStarted }) => testStepStarted?.testStepId === testStep.id);
  const { lines, narrator } = told(recorded.slice(0, end + 1));
  assert.deepEqual(sentencesIn(lines), texts.slice(0, texts.indexOf(sentence) + 1));
  assert.match(lines.at(-1)!, /And every node of the site loses its power$/);
  assert.equal(narrator.now?.what, sentence);
  assert.equal(told(recorded).narrator.now, undefined);
});

test('a broken promise is told with its reason, and nothing of the steps after it', () => {
  const sentence = 'has the IP it had before';
  const { lines } = told(endedBy(sentence, { exception: { type: 'PromiseBroken', message: '[POD_IP_CHANGED] 1 of 12 Pods:\nshop/app had 10.244.3.2 and has 10.244.3.9\u001b[2J' } }));
  const end = lines.join('\n');
  assert.match(end, /✗ The promise is broken: \[POD_IP_CHANGED\] 1 of 12 Pods:\n +shop\/app had 10\.244\.3\.2 and has 10\.244\.3\.9\\u001b\[2J$/);
  assert.doesNotMatch(end, /promise is kept|the WAN of the site is back/);
});

test('what could not be told is not called a broken promise', () => {
  const { lines } = told(endedBy('loses its power', { exception: { type: 'CannotTellError', message: 'nobody felt it' } }));
  assert.match(lines.at(-1)!, /\? It could not be told: nobody felt it$/);
  assert.match(told(endedBy('loses its power', { message: 'no definition' })).lines.at(-1)!, /\? It could not be told: no definition$/);
});

test('a cluster that lacks what is needed is no failure', () => {
  const first = recorded.findIndex(({ testStepFinished }) => testStepFinished !== undefined);
  const skipped = recorded.slice(0, first + 1).map((envelope): Envelope => (envelope.testStepFinished === undefined ? envelope : { testStepFinished: { ...envelope.testStepFinished, testStepResult: { ...envelope.testStepFinished.testStepResult, status: 'SKIPPED' as TestStepFinished['testStepResult']['status'] } } }));
  assert.match(told(skipped).lines.at(-1)!, /- Not asked: this cluster lacks/);
});

test('of attachments: what is not as it was is marked, a budget that was not kept too, and bytes are nobody\'s business', () => {
  const attached = (mediaType: string, body: unknown): string[] => toldAttachment({ mediaType, body: typeof body === 'string' ? body : JSON.stringify(body), contentEncoding: 'IDENTITY' as never }, plainStyle).map(({ text }) => text);
  const pod = { kind: 'pod', namespace: 'ns', name: 'app-1', uid: '0123456789', node: 'w2', ip: '10.244.3.2' };
  assert.deepEqual(attached(mediaTypes.identity, { before: [pod, { ...pod, uid: 'gone-1', name: 'b' }], after: [{ ...pod, ip: '10.244.3.9' }] }), [
    'Pod    UID       node  IP before   IP now',
    'app-1  01234567  w2    10.244.3.2  10.244.3.9  ✗',
    'b      gone-1    w2    10.244.3.2  gone        ✗',
  ]);
  assert.deepEqual(attached(mediaTypes.budget, { what: 'app', budgetMs: 10_000, tookMs: 10_100 }), ['✗ app: 10.1 s, promised within 10 s']);
  assert.deepEqual(attached(mediaTypes.fault, { id: '1', kind: 'wan-down', target: 'site east', startedAt: '2026-11-28T13:00:00.000Z' }), []);
  assert.deepEqual(attached('text/x.cucumber.log+plain', 'a\nb'), ['a', 'b']);
  assert.deepEqual(attached('image/png', 'AAAA'), []);
});

test('a line is broken between words', () => {
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
  assert.deepEqual(wrap('in 10 s or 7 so', 7), ['in 10 s', 'or 7 so']);
  assert.deepEqual(wrap('in all 10 s', 8), ['in all', '10 s']);
  assert.deepEqual(wrap('longer than that', 3), ['longer', 'than', 'that']);
});
