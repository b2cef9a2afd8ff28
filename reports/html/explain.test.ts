import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReport } from '../build.ts';
import { fixtureCatalogue, fixtureRunDir } from '../fixture/shared.ts';
import { stretched } from '../fixture/stretched.ts';
import { junitXml } from '../junit.ts';
import { promisesOf } from '../model.ts';
import { summary } from '../summary.ts';
import { explanation } from './explain.ts';
import { html } from './markup.ts';
import { reportPage } from './page.ts';

const report = stretched(await readReport(await fixtureRunDir(), fixtureCatalogue), 'identity-pod-ip-sandbox-kill');
const caseOf = (id: string) => promisesOf(report).find(({ promise }) => promise === id)!.cases[0]!;
const textOf = (id: string, changes: object = {}): string => html`${explanation({ ...caseOf(id), ...changes }, 'npm run conformance -- --tags @x')}`.text.replaceAll(/<svg[^]*?<\/svg>/g, '').replaceAll(/(<[^>]+>\s*)+/g, ' ').replaceAll(/\s+/g, ' ');

test('a failure says which step, what was broken then, what stands out, what happened before it and what to do', () => {
  const text = textOf('identity-pod-ip-sandbox-kill');
  for (const part of [
    'POD_IP_CHANGED the Pod web-0 had 10.244.3.7 and now has 10.244.3.9', 'What stands out dev-worker2 has no CNI configuration in /etc/cni/net.d', 'Failed step Then the Pod runs again with the same IP step 3 of 3',
    'Broken just then sandbox-kill on pod edgeproof-7/web-0', 'npm run conformance -- --tags @x --keep', 'npx edgeproof shell worker2', 'What happened before it',
    'dev-worker2 no sandbox for web-0: failed to setup network: no CNI configuration', 'kubelet: Failed to update lease: connection refused ×7 until 30.0 s', 'step failed',
  ]) assert.ok(text.includes(part), `${part}\nis not in\n${text}`);
  assert.doesNotMatch(text, /long after/);
});

test('what was expected, what was seen at last and what its error says to do stand apart', () => {
  const one = caseOf('identity-pod-ip-sandbox-kill');
  const steps = one.steps.map((step) => (step.error === undefined ? step : { ...step, error: { ...step.error, message: '"app" running again: not within 20 s; at the last look: sandbox down\n  next: look at containerd' } }));
  const text = textOf('identity-pod-ip-sandbox-kill', { steps, budgets: [{ what: '"app" running again', budgetMs: 20_000, tookMs: 20_001 }] });
  for (const part of ['"app" running again: not within 20 s'.replaceAll('"', '&quot;'), 'Expected &quot;app&quot; running again, within 20.0 s', 'Seen at last sandbox down', 'What to do next Look at containerd']) assert.ok(text.includes(part), `${part}\nis not in\n${text}`);
});

test('a fault that was healed before it is not taken for one that was there', () => {
  const { faults } = caseOf('identity-pod-ip-sandbox-kill');
  assert.match(textOf('identity-pod-ip-sandbox-kill', { faults: faults.map((fault) => ({ ...fault, endMs: fault.startMs + 100 })) }), /Broken just then nothing by the harness; before it sandbox-kill on pod edgeproof-7\/web-0, healed at/);
});

test('what passed needs no explanation; the first page of a failed run names what did not pass', () => {
  assert.equal(explanation(caseOf('lifecycle-nodes-ready'), undefined), undefined);
  const page = reportPage(report);
  assert.match(page, /<nav class="failures"[^]*?href="#tunnel-logs-complete"[^]*?href="#tunnel-top"[^]*?<\/nav>/);
});

test('what stands out is told on a terminal and to a CI\'s own view too', () => {
  assert.match(summary(report).join('\n'), /^ {2}\[POD_IP_CHANGED\] .*\n {2}stands out: dev-worker2 has no CNI configuration/m);
  assert.match(junitXml(report), /<failure[^>]*POD_IP_CHANGED[^>]*>stands out: dev-worker2 has no CNI configuration/);
});
