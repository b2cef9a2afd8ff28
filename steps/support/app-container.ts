import { execInContainer } from '../../harness/probes/container-exec.ts';
import { echoContainer } from '../../harness/workloads/echo.ts';
import type { App } from './apps.ts';
import type { EdgeWorld } from './world.ts';

/** Runs a script in an application's container, by its node alone. */
export const inside = async (world: EdgeWorld, app: App, script: string): Promise<string> =>
  await execInContainer(world.docker, { node: app.node, uid: app.uid, container: echoContainer }, script, { signal: world.signal });

/** Lets an application write a line to its log: PID 1's stdout is what the container runtime keeps. */
export const writeLine = async (world: EdgeWorld, app: App, line: string): Promise<void> => void (await inside(world, app, `echo '${line.replaceAll("'", '')}' > /proc/1/fd/1`));

/** The `number`th line that `writeLines` lets an application write. */
export const longLine = (number: number, bytes: number): string => `line ${String(number).padStart(8, '0')} `.padEnd(bytes - 1, 'x');

/** @param bytes of each line, its end included */
export async function writeLines(world: EdgeWorld, app: App, lines: number, bytes: number): Promise<void> {
  const fill = longLine(0, bytes).replace(/^line 0+ /, '');
  await inside(world, app, `awk 'BEGIN { for (i = 1; i <= ${lines}; i++) printf "line %08d %s\\n", i, "${fill}" }' > /proc/1/fd/1`);
}
