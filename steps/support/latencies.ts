import { CannotTellError, PromiseBroken } from '../../core/errors.ts';
import { echoContainer } from '../../harness/workloads/echo.ts';
import type { App } from './apps.ts';
import { execArgs, through, where } from './tunnel.ts';
import type { EdgeWorld } from './world.ts';

/** Milliseconds, of each one. */
export interface Latencies {
  /** `kubectl exec` of nothing: a connection of its own each time. */
  readonly execs: readonly number[];
  /** Requests for the last line of a log, over connections that there are. */
  readonly lines: readonly number[];
}

/** So many that the median of a second measurement is above the longest of the first by chance once in a thousand times. */
const execs = 15;
const lines = 40;
/** The first connections are made for them. */
const warmUp = 3;
const longestMs = 5000;

/** @throws PromiseBroken `EXEC_UNREACHABLE`, `LOGS_UNREACHABLE` when one fails or takes 5 s */
export async function measureLatencies(world: EdgeWorld, app: App): Promise<Latencies> {
  const path = `/api/v1/namespaces/${world.namespace}/pods/${app.pod}/log?container=${echoContainer}&tailLines=1`;
  const line = async (): Promise<number> => {
    const startedAt = performance.now();
    await world.kube.request('GET', path, { timeoutMs: longestMs, signal: world.signal }).catch((cause: unknown) => {
      world.signal.throwIfAborted();
      throw new PromiseBroken('LOGS_UNREACHABLE', `the last line of the log of ${where(app)}: ${(cause as Error).message}`, { cause });
    });
    const ms = performance.now() - startedAt;
    world.samples.add(`the last line of the log of ${where(app)}`, { at: Date.now(), ms });
    return ms;
  };
  const exec = async (): Promise<number> => (await through(world, { what: `kubectl exec in ${where(app)}`, code: 'EXEC_UNREACHABLE', args: execArgs(world, app, 'true'), seconds: longestMs / 1000 })).tookMs;
  const times = async (count: number, one: () => Promise<number>): Promise<number[]> => {
    const took: number[] = [];
    while (took.length < count) took.push(await one());
    return took;
  };
  await times(warmUp, line);
  return { lines: await times(lines, line), execs: await times(execs, exec) };
}

/** Of a quiet machine the longest of a batch is up to a third longer than its median. */
const calmSpread = 1.5;
const batches = 6;
/**
 * What is slower by less than the spread of the calmest batch is not seen. Batches on a machine with other work were seen to spread 1.06
 * to 1.70 (execs) and 1.15 to 2.05 (lines): of several one below this is had, and what takes twice as long is always found.
 */
const blindSpread = 2;

/** The longest of each kind, by its median. */
const spreads = ({ execs, lines }: Latencies): number[] => [execs, lines].map((took) => Math.max(...took) / medianOf(took));
const spread = (batch: Latencies): number => Math.max(...spreads(batch));

/**
 * How long it takes when nothing is the matter: of several batches the first without a burst of other work in it, else the one with the
 * least. What a burst stretches would hide what comes later.
 *
 * @throws CannotTellError `NOT_CALM` when a burst was in each of them: what takes twice as long later could not be told from one
 */
export async function measureCalm(measure: () => Promise<Latencies>): Promise<Latencies> {
  let calmest = await measure();
  for (let batch = 2; batch <= batches && spread(calmest) > calmSpread; batch++) {
    const next = await measure();
    if (spread(next) < spread(calmest)) calmest = next;
  }
  if (spread(calmest) <= blindSpread) return calmest;
  throw new CannotTellError('NOT_CALM', `in the calmest of ${batches} batches the longest was ${spreads(calmest).map((times) => times.toFixed(2)).join(' and ')} times the median (kubectl exec, last line of a log), and above ${blindSpread} what takes twice as long is not seen: ${describeLatencies(calmest)}`, {
    next: 'run it again when this machine has nothing else to do',
  });
}

/** Of an odd count the one in the middle, else the higher of the two. */
export const medianOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

const round = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

/**
 * What has become slower by more than chance: half of the times are longer than the longest of those before, which is what the
 * noise of this machine came to.
 */
export function slowed(before: Latencies, now: Latencies): string[] {
  return ([['a kubectl exec', 'execs'], ['the last line of a log', 'lines']] as const).flatMap(([what, key]) => {
    const [most, median] = [Math.max(...before[key]), medianOf(now[key])];
    return median <= most ? [] : [`${what} took ${round(medianOf(before[key]))} and at most ${round(most)} before, and takes ${round(median)} now (medians of ${now[key].length})`];
  });
}

/** For the report's log. */
export const describeLatencies = ({ execs: ofExec, lines: ofLine }: Latencies): string =>
  [['kubectl exec', ofExec] as const, ['the last line of the log', ofLine] as const].map(([what, took]) => `${what}: median ${round(medianOf(took))}, ${round(Math.min(...took))} to ${round(Math.max(...took))}`).join('; ');
