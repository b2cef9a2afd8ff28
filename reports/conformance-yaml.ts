import { stringify } from 'yaml';
import { codeOf } from './marks.ts';
import { promisesOf, type CapabilityReport, type Report } from './model.ts';
import { exitCodeOfReport, headline } from './verdict.ts';

/** Counts as they are written for machines, here and in `report --json`. */
export function countsForMachines({ counts }: CapabilityReport): Record<string, number> {
  return {
    passed: counts.passed, failed: counts.failed, errors: counts.error, notRun: counts.notRun, skipped: counts.skipped,
    notSelected: counts.notSelected, notClaimed: counts.notClaimed,
  };
}

/** `conformance.yaml`: what an implementation publishes about itself. Whoever reads it needs no other file of the run. */
export function conformanceYaml(report: Report): string {
  const { run } = report;
  const document = {
    edgeproof: run.edgeproof, run: run.id, mode: run.mode, started: run.startedAt, ...(run.finishedAt === undefined ? {} : { finished: run.finishedAt }),
    end: run.end, ...(run.tags === undefined ? {} : { tags: run.tags }),
    implementation: { name: run.implementation.name, version: run.implementation.version }, claims: run.implementation.claims,
    topology: run.topology.name, versions: run.versions, verdict: headline(report), exitCode: exitCodeOfReport(report),
    ...(report.problems.length === 0 ? {} : { problems: report.problems }),
    capabilities: Object.fromEntries(report.capabilities.map((one) => [one.capability, { result: one.verdict, ...countsForMachines(one) }])),
    promises: Object.fromEntries(promisesOf(report).map((promise) => {
      const control = report.control?.verdicts.find((verdict) => verdict.promise === promise.promise);
      const code = codeOf(promise);
      return [promise.promise, {
        result: promise.outcome, ...(code === undefined ? {} : { code }), ...(promise.reason === undefined ? {} : { reason: promise.reason }),
        ...(control === undefined ? {} : { control: control.result }),
      }];
    })),
  };
  return `# What edgeproof found; the promises are explained in docs/promises.md.\n${stringify(document, { lineWidth: 0 })}`;
}
