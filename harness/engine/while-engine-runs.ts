import { connect, type Socket } from 'node:net';
import type { Engine } from '../docker/docker.ts';
import { demandEngine, socketOf } from './demand-engine.ts';

/** An engine may end a connection on which nobody asks anything (dockerd after minutes), and takes another. */
const holdAgainMs = 100;

/**
 * Does what needs an engine, and has it end when the engine goes: most of what waits then waits for something else (the API server, which is published
 * by the engine; a node), and would do so for minutes. It is known at once: a connection to the engine is held open, and ends with it.
 *
 * @param work gets a signal that is aborted as the one given, and when the engine goes
 * @throws EngineGoneError when it was gone before, or when the work has failed and it is gone; else what the work throws
 */
export async function whileEngineRuns<T>(engine: Pick<Engine, 'host'>, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  await demandEngine(engine);
  const gone = new AbortController();
  using _ = watch(engine, (why) => { gone.abort(why); });
  try {
    return await work(AbortSignal.any([signal, gone.signal]));
  } catch (error) {
    // What failed just before that was seen failed for it too.
    await demandEngine(engine);
    throw error;
  }
}

/** Keeps no process alive. */
function watch(engine: Pick<Engine, 'host'>, gone: (why: unknown) => void): Disposable {
  const path = socketOf(engine);
  let held: Socket | undefined;
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const hold = (): void => {
    held = connect(path!).unref().resume();
    held.on('error', () => {}).once('close', () => {
      if (over) return;
      demandEngine(engine).then(() => { if (!over) timer = setTimeout(hold, holdAgainMs).unref(); }, gone);
    });
  };
  if (path !== undefined) hold();
  return {
    [Symbol.dispose]: () => {
      over = true;
      clearTimeout(timer);
      held?.destroy();
    },
  };
}
