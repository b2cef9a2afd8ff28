import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { loadCatalogue, type Scenario } from '../features/catalogue.ts';
import { aboutRun } from '../features/soak.ts';
import { conformanceYaml } from './conformance-yaml.ts';
import { judgeControl } from './control.ts';
import { reportFiles } from './facts.ts';
import { writeAtomic } from './files.ts';
import { reportPage } from './html/page.ts';
import { junitXml } from './junit.ts';
import { readMessages } from './messages.ts';
import { buildModel, type Report } from './model.ts';
import { logsFolder, messagesFile, readRun } from './run.ts';

/**
 * Reads a run's folder, without writing anything.
 *
 * @param catalogue of the features that were run. Default: of this repository.
 * @throws RunError when it holds no run.json; CatalogueError. A missing or damaged messages.ndjson is told in the report.
 */
export async function readReport(runDir: string, catalogue?: readonly Scenario[]): Promise<Report> {
  const run = await readRun(runDir);
  const scenarios = aboutRun(catalogue ?? await loadCatalogue(), run.tags);
  const report = buildModel(runDir, run, await readMessages(join(runDir, messagesFile)), scenarios, await listLogs(runDir));
  return run.mode === 'control' ? { ...report, control: judgeControl(report, scenarios) } : report;
}

/** Reads a run's folder and writes junit.xml, conformance.yaml and report.html into it. Throws as `readReport`. */
export async function buildReport(runDir: string, catalogue?: readonly Scenario[]): Promise<Report> {
  const report = await readReport(runDir, catalogue);
  await writeAtomic(join(runDir, reportFiles.junit), junitXml(report));
  await writeAtomic(join(runDir, reportFiles.conformance), conformanceYaml(report));
  await writeAtomic(join(runDir, reportFiles.html), reportPage(report));
  return report;
}

async function listLogs(runDir: string): Promise<string[]> {
  const entries = await readdir(join(runDir, logsFolder), { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(runDir, join(entry.parentPath, entry.name)).split(sep).join('/')).sort();
}
