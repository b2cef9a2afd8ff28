import { CannotTellError } from '../../core/errors.ts';
import { ExecError } from '../../core/exec.ts';
import type { EdgeWorld } from './world.ts';

/** How a kubectl ended: its exit code, or that it was killed when its budget was used up. */
export interface Attempt {
  readonly code: number | 'killed';
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
}

/**
 * Runs kubectl and measures it.
 *
 * @throws ExecError when it could not be started or was aborted; CannotTellError `KUBECTL` when it failed ahead of any tunnel.
 */
export async function attempt(world: EdgeWorld, args: readonly string[], options: { timeoutMs: number; input?: Uint8Array; env?: Readonly<Record<string, string>> }): Promise<Attempt> {
  const started = performance.now();
  const took = (): number => Math.round(performance.now() - started);
  try {
    const { code, stdout, stderr } = await world.kubectl.run(args, { ...options, accept: 'any', signal: world.signal });
    return tried({ code, stdout, stderr, tookMs: took() });
  } catch (error) {
    if (!(error instanceof ExecError) || error.code !== 'EXEC_TIMEOUT') throw error;
    return tried({ code: 'killed', stdout: error.stdout, stderr: error.stderr, tookMs: took() });
  }
}

/** What the command line, the API server's door or its store says: no tunnel had a part in it, whatever its state. */
const aheadOfTunnel = new RegExp([
  /^E\d{4} .*couldn't get current server API group list/, /^Unable to connect to the server/,
  /^The connection to the server .* was refused/, /^[Ee]rror: unknown (?:command|flag|shorthand flag)/, /^error: (?:error loading config file|no configuration|You must be logged in)/,
  /^Error from server \(NotFound\): (?:pods|namespaces) ".*" not found/, /^Error from server \(Forbidden\): .* is forbidden: User/,
  /^(?:error|Error from server \(BadRequest\)): container .* (?:is not valid for pod|not found in pod)/,
].map(({ source }) => source).join('|'), 'm');

/** @internal Lets an attempt through that says something of a tunnel. @throws CannotTellError `KUBECTL` */
export function tried(seen: Attempt): Attempt {
  if (seen.code !== 0 && aheadOfTunnel.test(seen.stderr)) throw new CannotTellError('KUBECTL', `kubectl did not get as far as a tunnel: ${seen.stderr.trim()}`);
  return seen;
}

/** kubectl's own failures start with one of these; anything else is the command's. */
const kubectlFailure = /^(error:|Error from server|Unable to connect|The connection to the server)/m;

/** Whether a text names one of these nodes or addresses: `dev-worker` is not named by `dev-worker2`. */
export const names = (text: string, words: readonly string[]): boolean =>
  words.some((word) => new RegExp(`(?<![\\w.-])${RegExp.escape(word)}(?![\\w-]|\\.\\d)`).test(text));

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
