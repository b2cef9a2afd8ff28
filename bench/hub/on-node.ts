import { readFile } from 'node:fs/promises';
import { CannotTellError } from '../../core/errors.ts';
import { processFile } from '../child.ts';
import { figuresOfUnit, type ProcessFigures } from './process.ts';
import type { Pair } from './place.ts';

/** What the unit of the hub is: its root folder, with the kernel's file systems in it. */
const asTheHub = (root: string): string[] => ['--quiet', '--collect', '--property', `RootDirectory=${root}`, '--property', 'MountAPIVFS=yes'];

/** Arguments: the hub's unit, then what is run where that process sees itself. A unit of its own would need D-Bus for its standard input. */
const besideTheHub = 'exec nsenter --target "$(systemctl show --property MainPID --value "$1")" --mount --root -- "$2" --input-type=module -';

const emptyUnit = 'edgeproof-bench-empty.service';

/** A Node that does nothing, where the hub runs and with the hub's own binary. Disposing ends it. */
export class EmptyNode implements AsyncDisposable {
  readonly #pair: Pair;

  private constructor(pair: Pair) {
    this.#pair = pair;
  }

  static async start(pair: Pair): Promise<EmptyNode> {
    const { docker, hub, place, signal } = pair;
    const empty = new EmptyNode(pair);
    // One that was left by a run that was killed.
    await empty[Symbol.asyncDispose]();
    await docker.exec(hub.name, ['systemd-run', '--unit', emptyUnit, ...asTheHub(place.root), place.node, '-e', 'setInterval(() => {}, 2 ** 30)'], { timeoutMs: 20_000, signal });
    return empty;
  }

  async figures(): Promise<ProcessFigures> {
    const { docker, hub, signal } = this.#pair;
    return await figuresOfUnit(docker, hub.name, emptyUnit, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { docker, hub } = this.#pair;
    await docker.exec(hub.name, ['systemctl', 'stop', emptyUnit], { accept: 'any', timeoutMs: 30_000 });
  }
}

/**
 * Runs one of processes/ on the node with the hub, by the hub's Node. The job goes before the program on its standard input: what is in
 * arguments, any process may read.
 *
 * @throws CannotTellError `BENCH_FAILED`
 */
export async function runOnHubNode<Answer>(pair: Pair, name: string, job: object, timeoutMs: number): Promise<Answer> {
  const { docker, hub, place, signal } = pair;
  const program = await readFile(await processFile(name), 'utf8');
  const { code, stdout, stderr } = await docker.exec(hub.name, ['sh', '-c', besideTheHub, 'edgeproof', place.unit, place.node], {
    input: `globalThis.benchJob = ${JSON.stringify(job)};\n${program}`, accept: 'any', timeoutMs, signal,
  });
  if (code !== 0) throw new CannotTellError('BENCH_FAILED', `bench/processes/${name}.ts on ${hub.name} ended with ${code}: ${stderr.trim().slice(-1000)}`);
  return JSON.parse(stdout) as Answer;
}
