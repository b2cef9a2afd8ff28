import { setTimeout as sleep } from 'node:timers/promises';
import { CannotTellError, PromiseBroken } from '../../core/errors.ts';
import type { StartedProgram } from '../../core/started-program.ts';
import type { KubePod } from '../../harness/kube/objects.ts';
import { whileStopped } from '../../harness/probes/stopped.ts';
import { echoLogLines } from '../../harness/workloads/echo.ts';
import { writeLine } from './app-container.ts';
import type { App } from './apps.ts';
import { logsArgs, saysWithin, where } from './tunnel.ts';
import { partOnNode } from './tunnel-parts.ts';
import type { EdgeWorld } from './world.ts';

/**
 * Which tunnel servers carry each followed log, by what its steps call it: those without which it was not seen to go on. It may be several, as
 * when the API server's connection comes to one, and the agent's session to another.
 */
export type Carriers = ReadonlyMap<string, ReadonlySet<string>>;

/** @internal From the logs that showed a line while a server stood still: these do not need it, for certain. */
export function carriersOf(logs: readonly string[], shownWithout: ReadonlyMap<string, ReadonlySet<string>>): Carriers {
  return new Map(logs.map((log) => [log, new Set([...shownWithout].filter(([, shown]) => !shown.has(log)).map(([server]) => server))]));
}

/** Whether the loss of a server is some logs' and not all: one waited for it, and another was seen to go on without it. */
export function isSomeAndNotAll(carriers: Carriers, server: string): boolean {
  const all = [...carriers.values()];
  return all.some((those) => those.has(server)) && all.some((those) => !those.has(server));
}

/** For messages: `8 by a and b, 2 by b`. */
export function describeCarriers(carriers: Carriers): string {
  const ways = Map.groupBy([...carriers.values()].map((those) => [...those].join(' and ') || 'none that was stopped'), (way) => way);
  return [...ways].map(([way, { length }]) => `${length} by ${way}`).join(', ');
}

/** For how long a line is waited for that a server may withhold. What needs no such server shows it in a tenth of that. */
const withheldMs = 1500;
/** A tunnel finds out a server that is lost, and an API server a kubelet that does not answer, after far longer. */
const atMostMs = 6000;
const catchUpSeconds = 5;

/**
 * Finds out which servers carry which followed logs, by stopping one after the other for a moment: a log that goes on meanwhile does not
 * need it. So no implementation is asked, and whatever else goes through the tunnel at that time has no part in it.
 *
 * @throws CannotTellError when a log does not go on afterwards
 */
export async function findCarriers(world: EdgeWorld, app: App, servers: readonly KubePod[], logs: ReadonlyMap<string, StartedProgram>): Promise<Carriers> {
  world.demandAlone('a tunnel server that stands still');
  const shownWithout = new Map<string, Set<string>>();
  for (const { metadata: { name }, spec: { nodeName } } of servers) {
    const pod = await partOnNode(world, 'server', nodeName!, name);
    const line = `written while ${name} stands still, ${logs.size} logs`;
    const shown = (): Set<string> => new Set([...logs].filter(([, program]) => program.stdout.includes(line)).map(([log]) => log));
    shownWithout.set(name, await whileStopped(world.docker, pod, async () => {
      await writeLine(world, app, line);
      const until = performance.now() + withheldMs;
      while (shown().size < logs.size && performance.now() < until) await sleep(25, undefined, { signal: world.signal });
      return shown();
    }, { atMostMs, signal: world.signal }));
    for (const [log, program] of logs) await program.says(line, catchUpSeconds * 1000, world.signal).catch((cause: unknown) => {
      world.signal.throwIfAborted();
      throw new CannotTellError('NOT_GOING_ON', `${log} does not go on after tunnel server ${name} has stood still for a moment`, { cause });
    });
  }
  return carriersOf([...logs.keys()], shownWithout);
}

/** So many times what was asked for, until several servers carry some. By chance alone one of two carries all of eight once in 128 times. */
const most = 4;
const called = 'followed log ';

/** Starts so many followed logs, and more until a server carries some of them and not all. @returns which servers carry them */
export async function followThroughSeveral(world: EdgeWorld, app: App, servers: readonly KubePod[], count: number, seconds: number): Promise<Carriers> {
  for (;;) {
    for (let started = 0; started < count; started++) {
      const number = followedLogs(world).size + 1;
      const program = world.kubectl.start(logsArgs(world, app, '--follow'));
      world.programs.set(`${called}${number}`, program);
      await saysWithin(world, program, echoLogLines(app.pod).at(-1)!, { what: `kubectl logs -f of ${where(app)}, number ${number}`, code: 'LOGS_UNREACHABLE', seconds });
    }
    const carriers = await findCarriers(world, app, servers, followedLogs(world));
    if (carriers.size >= most * count || servers.some(({ metadata }) => isSomeAndNotAll(carriers, metadata.name))) return carriers;
  }
}

export const followedLogs = (world: EdgeWorld): Map<string, StartedProgram> => new Map([...world.programs].filter(([name]) => name.startsWith(called)));

/** How followed logs fared after the loss of a server. */
export interface Fate {
  readonly ended: boolean;
  /** The line that was written after the loss. */
  readonly shows: boolean;
}

/**
 * What is still missing after the loss of a server: a word or an end of each log; undefined when nothing is.
 *
 * @throws PromiseBroken `OTHERS_CUT` when one ended that went on without that server before
 */
export function afterLoss(carriers: Carriers, lost: string, fates: ReadonlyMap<string, Fate>): string | undefined {
  const others = [...fates].filter(([log]) => carriers.get(log)?.has(lost) === false);
  const cut = others.filter(([, { ended }]) => ended);
  if (cut.length > 0) throw new PromiseBroken('OTHERS_CUT', `${cut.length} of ${others.length} followed logs that went on while ${lost} stood still ended with it: ${cut.map(([log]) => `${log} by ${[...carriers.get(log)!].join(' or ')}`).join(', ')}`);
  const silent = [...fates].filter(([, { ended, shows }]) => !ended && !shows).map(([log]) => log);
  return silent.length === 0 ? undefined : `neither ended nor shown by ${silent.length} of ${fates.size}: ${silent.join(', ')}`;
}
