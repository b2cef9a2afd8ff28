import { join } from 'node:path';
import { countsForMachines } from './conformance-yaml.ts';
import { codeOf } from './marks.ts';
import { promisesOf, type Report } from './model.ts';
import { messagesFile } from './run.ts';
import { exitCodeOfReport, headline } from './verdict.ts';

export const reportFiles = { html: 'report.html', junit: 'junit.xml', conformance: 'conformance.yaml' } as const;

/** What `edgeproof report --json` prints. */
export function reportFacts(report: Report) {
  const { run } = report;
  return {
    run: run.id, mode: run.mode, end: run.end, implementation: { name: run.implementation.name, version: run.implementation.version },
    claims: run.implementation.claims, topology: run.topology.name, ...(run.tags === undefined ? {} : { tags: run.tags }),
    verdict: headline(report), exitCode: exitCodeOfReport(report), problems: report.problems,
    capabilities: Object.fromEntries(report.capabilities.map((one) => [one.capability, { claimed: one.claimed, verdict: one.verdict, ...countsForMachines(one) }])),
    promises: promisesOf(report).map((promise) => {
      const code = codeOf(promise);
      return {
        id: promise.promise, capability: promise.capability, sentence: promise.name, outcome: promise.outcome,
        ...(code === undefined ? {} : { code }), ...(promise.reason === undefined ? {} : { reason: promise.reason }),
      };
    }),
    ...(report.control === undefined ? {} : { control: report.control }),
    paths: {
      folder: report.dir, html: join(report.dir, reportFiles.html), junit: join(report.dir, reportFiles.junit),
      conformance: join(report.dir, reportFiles.conformance), messages: join(report.dir, messagesFile),
    },
  };
}
