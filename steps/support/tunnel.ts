import { PromiseBroken } from '../../core/errors.ts';
import { WaitTimeoutError } from '../../core/wait.ts';
import type { StartedProgram } from '../../core/started-program.ts';
import { echoContainer, echoLogLines } from '../../harness/workloads/echo.ts';
import { writeLine } from './app-container.ts';
import type { App } from './apps.ts';
import { attempt, failureOf, tried, type Attempt } from './kubectl-attempt.ts';
import type { EdgeWorld } from './world.ts';

/** The two ways in which kubectl speaks to a kubelet, by the gates of kubectl 1.37 (pkg/cmd/util/helpers.go). */
const transports = { WebSocket: 'true', SPDY: 'false' } as const;
export type Transport = keyof typeof transports;

export const transportEnv = (transport: Transport): Record<string, string> =>
  ({ KUBECTL_REMOTE_COMMAND_WEBSOCKETS: transports[transport], KUBECTL_PORT_FORWARD_WEBSOCKETS: transports[transport] });

export const where = (app: App): string => `${app.pod} on ${app.node}`;

/** `kubectl exec` of a shell script in an application's container. */
export const execArgs = (world: EdgeWorld, app: App, script: string, flags: readonly string[] = []): string[] =>
  ['exec', '--namespace', world.namespace, ...flags, app.pod, '--container', echoContainer, '--', 'sh', '-c', script];

export const logsArgs = (world: EdgeWorld, app: App, ...flags: readonly string[]): string[] =>
  ['logs', '--namespace', world.namespace, app.pod, '--container', echoContainer, ...flags];

export const attachArgs = (world: EdgeWorld, app: App): string[] => ['attach', '--namespace', world.namespace, app.pod, '--container', echoContainer];

/** Of a kubectl that has ended. @throws CannotTellError `KUBECTL` when it failed ahead of any tunnel: by a typo in a step, for one */
function assertGotToTunnel({ code, stdout, stderr }: StartedProgram): void {
  if (code !== undefined) tried({ code, stdout, stderr, tookMs: 0 });
}

/** An attach says nothing of when it is there, and what was written before is not shown: the line is written until it is. @throws PromiseBroken `EXEC_UNREACHABLE` */
export async function showsWhenWritten(world: EdgeWorld, attached: StartedProgram, app: App, line: string, seconds: number): Promise<void> {
  await world.within({ what: `kubectl attach to ${where(app)}`, seconds, code: 'EXEC_UNREACHABLE' }, async () => {
    await writeLine(world, app, line);
    assertGotToTunnel(attached);
    return attached.stdout.includes(line) ? { done: true } : { missing: attached.code === undefined ? 'it runs and shows nothing' : `it ended with ${attached.code}: ${attached.stderr.trim()}` };
  });
}

/** Of one attempt while waiting for the tunnel to come back: it may hang, and another may work. Milliseconds. */
export const oneAttemptMs = 3000;

export const logsOf = async (world: EdgeWorld, app: App, timeoutMs: number): Promise<Attempt> =>
  await attempt(world, logsArgs(world, app), { timeoutMs });

/** What is wrong with a `kubectl logs`, or undefined. */
export function logsProblem(app: App, seen: Attempt): { code: string; sentence: string } | undefined {
  const failure = failureOf(seen);
  if (failure !== undefined) return { code: 'LOGS_UNREACHABLE', sentence: failure };
  const lines = seen.stdout.split('\n');
  const lost = echoLogLines(app.pod).filter((line) => !lines.includes(line));
  return lost.length === 0 ? undefined : { code: 'LOGS_INCOMPLETE', sentence: `it lacks ${lost.length} of ${echoLogLines(app.pod).length} lines: ${lost.join(', ')}` };
}

/** Runs kubectl within a budget, attaches what it took, and judges. @throws PromiseBroken `code` when it did not get through */
export async function through(world: EdgeWorld, options: { what: string; code: string; args: readonly string[]; seconds: number; expectedCode?: number; input?: Uint8Array; env?: Readonly<Record<string, string>> }): Promise<Attempt> {
  const { what, code, args, seconds, expectedCode = 0, ...rest } = options;
  const seen = await attempt(world, args, { ...rest, timeoutMs: seconds * 1000 });
  world.attachBudget({ what, budgetMs: seconds * 1000, tookMs: seen.tookMs });
  const failure = failureOf(seen, expectedCode);
  world.samples.add(what, { at: Date.now(), ms: seen.tookMs, ...(failure !== undefined && { why: failure }) });
  if (failure !== undefined) throw new PromiseBroken(code, `${what}: ${failure}`);
  return seen;
}

/**
 * Waits for the end of a kubectl that the link was cut under; it may have come before anybody looked.
 *
 * @throws PromiseBroken `code` when it still runs then, or has ended too late
 */
export async function endsWithin(world: EdgeWorld, program: StartedProgram, options: { what: string; code: string; seconds: number; since: number }): Promise<number> {
  const { what, code, seconds, since } = options;
  await world.within({ what, code, seconds: Math.max(seconds, (Date.now() - since) / 1000), since, everyMs: 50 }, async () => (program.code === undefined ? { missing: 'it still runs' } : { done: true }));
  const tookMs = program.endedAt! - since;
  world.attachBudget({ what: `${what}, from the beginning of the fault`, budgetMs: seconds * 1000, tookMs });
  if (tookMs > seconds * 1000) throw new PromiseBroken(code, `${what}: ${(tookMs / 1000).toFixed(1)} s after the fault began`);
  return program.code!;
}

/** @throws PromiseBroken `code` when the program does not say it in time */
export async function saysWithin(world: EdgeWorld, program: StartedProgram, text: string, options: { what: string; code: string; seconds: number }): Promise<void> {
  try {
    await program.says(text, options.seconds * 1000, world.signal);
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
    assertGotToTunnel(program);
    throw new PromiseBroken(options.code, `${options.what}: not within ${options.seconds} s: ${error.missing}`, { cause: error });
  }
}
