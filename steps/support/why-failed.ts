import { EngineGoneError, engineIsGone } from '../../harness/engine/demand-engine.ts';

/**
 * What a step or hook has failed for: without its engine everything fails, and some of it looks like a broken promise (an API server that
 * refuses connections as nobody publishes it any more).
 *
 * @param host of the engine, as `DOCKER_HOST` has it; undefined: there is none, in a dry run
 */
export async function whyFailed(error: unknown, host = process.env['DOCKER_HOST']): Promise<unknown> {
  if (host === undefined || error instanceof EngineGoneError) return error;
  return (await engineIsGone({ host })) ? new EngineGoneError({ host }, error) : error;
}
