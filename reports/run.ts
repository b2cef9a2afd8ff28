import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { capabilities } from '../core/capabilities.ts';
import { EdgeproofError } from '../core/errors.ts';
import { topologyShape } from '../topologies/schema.ts';
import { writeAtomic } from './files.ts';

const isoTime = z.iso.datetime();

/**
 * What is known of a run apart from its scenarios: `run.json`. Write it when the run starts, with `end: 'crashed'` and
 * no `finishedAt`, and again whenever something is known: then it tells the truth after a SIGKILL too.
 */
const runSchema = z.object({
  /** The name of the run's folder; see `newRunId`. */
  id: z.string().min(1),
  /** `control`: on plain Kubernetes, where each scenario must do what its tags say. */
  mode: z.enum(['conformance', 'control']),
  startedAt: isoTime,
  finishedAt: isoTime.optional(),
  edgeproof: z.object({ version: z.string(), commit: z.string().optional() }),
  implementation: z.object({ name: z.string(), version: z.string(), claims: z.array(z.enum(capabilities)) }),
  topology: topologyShape,
  /** The tag expression that the user restricted the run to. */
  tags: z.string().optional(),
  /** Of kubernetes, containerd, flannel, … */
  versions: z.record(z.string(), z.string()),
  /** cpus, memoryBytes, kernel, cgroup, engine, node, … */
  host: z.record(z.string(), z.union([z.string(), z.number()])),
  /** engine, images, boot, isolation, install, features, teardown: `ms` is how long each took. */
  phases: z.array(z.object({ name: z.string(), startedAt: isoTime, ms: z.number().nonnegative() })),
  end: z.enum(['completed', 'interrupted', 'boot-failed', 'crashed']),
  /** Why it did not complete, in the words of `describeError`. */
  failure: z.string().optional(),
  /** One command that does the run again. */
  reproduce: z.string(),
});

export type Run = z.infer<typeof runSchema>;

/** A run's folder cannot be read as one. */
class RunError extends EdgeproofError {}

export const runFile = 'run.json';
export const messagesFile = 'messages.ndjson';
export const logsFolder = 'logs';

/** @throws RunError `RUN_UNREADABLE`. */
export async function readRun(runDir: string): Promise<Run> {
  const path = join(runDir, runFile);
  const next = `Delete ${runDir}, or name another run: edgeproof report --help`;
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new RunError('RUN_UNREADABLE', `${path} cannot be read, so there is nothing to report`, { cause, next });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new RunError('RUN_UNREADABLE', `${path} is not JSON`, { cause, next });
  }
  const parsed = runSchema.safeParse(json);
  if (!parsed.success) throw new RunError('RUN_UNREADABLE', `${path} is not a run:\n${z.prettifyError(parsed.error)}`, { next });
  return parsed.data;
}

/** Writes `run.json` atomically. */
export async function writeRun(runDir: string, run: Run): Promise<void> {
  await writeAtomic(join(runDir, runFile), `${JSON.stringify(runSchema.parse(run), null, 2)}\n`);
}
