import { CannotTellError } from '../../core/errors.ts';
import type { Docker } from '../docker/docker.ts';

const timeoutMs = 10_000;

/** When a node's kubelet was started, by its own systemd, whoever has done that: in milliseconds since the epoch, whole seconds. @throws CannotTellError `NO_PROCESS` when it does not run */
export async function kubeletStartedAt(docker: Docker, node: string, signal?: AbortSignal): Promise<number> {
  const { stdout } = await docker.exec(node, ['systemctl', 'show', 'kubelet', '--timestamp=unix', '--property', 'ActiveState,ExecMainStartTimestamp'], { timeoutMs, ...(signal && { signal }) });
  const seconds = /^ExecMainStartTimestamp=@(\d+)$/m.exec(stdout)?.[1];
  if (!/^ActiveState=active$/m.test(stdout) || seconds === undefined) throw new CannotTellError('NO_PROCESS', `the kubelet of ${node} does not run: ${stdout.trim().replaceAll('\n', ', ')}`);
  return Number(seconds) * 1000;
}
