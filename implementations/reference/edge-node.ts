import { waitFor } from '../../core/wait.ts';
import type { NodeState } from '../../harness/cluster/state.ts';
import type { Docker } from '../../harness/docker/docker.ts';

/** A node that is made an edge node, or a plain one again. */
export interface EdgeNode {
  readonly docker: Docker;
  readonly node: NodeState;
  readonly signal: AbortSignal;
}

const commandTimeoutMs = 60_000;
const writeTimeoutMs = 20_000;
const readyTimeoutMs = 30_000;

/** @throws ExecError */
export async function run({ docker, node, signal }: EdgeNode, ...argv: string[]): Promise<void> {
  await docker.exec(node.name, argv, { timeoutMs: commandTimeoutMs, signal });
}

/**
 * Replaces a file in one step: who watches its folder (the runtime does) never reads half of it.
 *
 * @param mode as chmod(1) takes it; its owner's rights alone unless said otherwise
 * @throws ExecError
 */
export async function write({ docker, node, signal }: EdgeNode, path: string, text: string, mode = '0600'): Promise<void> {
  const script = 'umask 022 && mkdir -p "$(dirname "$1")" && umask 077 && cat > "$1.new" && chmod "$2" "$1.new" && mv -f "$1.new" "$1"';
  await docker.exec(node.name, ['sh', '-c', script, 'edgeproof', path, mode], { input: text, timeoutMs: writeTimeoutMs, signal });
}

/**
 * Waits until a program that listens on the node's loopback says that it is ready.
 *
 * @throws WaitTimeoutError with what it said last
 */
export async function saysReady(what: string, { docker, node, signal }: EdgeNode, port: number): Promise<void> {
  const argv = ['curl', '--silent', '--show-error', '--max-time', '2', '--write-out', ' %{http_code}', `http://127.0.0.1:${port}/readyz`];
  await waitFor(`${what} of ${node.name}`, async (look) => {
    const { code, stdout, stderr } = await docker.exec(node.name, argv, { accept: 'any', timeoutMs: 10_000, signal: look });
    return code === 0 && stdout.trim().endsWith('200') ? { done: undefined } : { missing: `${stdout} ${stderr}`.trim() };
  }, { timeoutMs: readyTimeoutMs, everyMs: 200, signal });
}
