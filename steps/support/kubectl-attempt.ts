import { ExecError } from '../../core/exec.ts';
import type { EdgeWorld } from './world.ts';

/** How a kubectl ended: its exit code, or that it was killed when its budget was used up. */
export interface Attempt {
  readonly code: number | 'killed';
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
}

/** Runs kubectl and measures it. @throws ExecError when it could not be started or was aborted. */
export async function attempt(world: EdgeWorld, args: readonly string[], options: { timeoutMs: number; input?: Uint8Array }): Promise<Attempt> {
  const started = performance.now();
  const took = (): number => Math.round(performance.now() - started);
  try {
    const { code, stdout, stderr } = await world.kubectl.run(args, { ...options, accept: 'any', signal: world.signal });
    return { code, stdout, stderr, tookMs: took() };
  } catch (error) {
    if (!(error instanceof ExecError) || error.code !== 'EXEC_TIMEOUT') throw error;
    return { code: 'killed', stdout: error.stdout, stderr: error.stderr, tookMs: took() };
  }
}

/** kubectl's own failures start with one of these; anything else is the command's. */
const kubectlFailure = /^(error:|Error from server|Unable to connect|The connection to the server)/m;

/**
 * Why kubectl did not get through, as a sentence; undefined when it did.
 *
 * @param expectedCode exit code of the command that was run in the container.
 */
export function failureOf(seen: Attempt, expectedCode = 0): string | undefined {
  if (seen.code === 'killed') return `no end within ${(seen.tookMs / 1000).toFixed(1)} s${seen.stderr.trim() === '' ? '' : `: ${seen.stderr.trim()}`}`;
  if (seen.code === expectedCode) return undefined;
  if (seen.code === 0 || !kubectlFailure.test(seen.stderr)) return expectedCode === 0 ? `exit code ${seen.code}: ${seen.stderr.trim()}` : undefined;
  return `failed after ${(seen.tookMs / 1000).toFixed(1)} s: ${seen.stderr.trim()}`;
}
