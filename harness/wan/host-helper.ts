import { type ExecResult } from '../../core/exec.ts';
import { clusterLabel, labelArgs, ownedLabel } from '../cluster/labels.ts';
import { type Docker } from '../docker/docker.ts';

export interface HostScript {
  /** Any image with sh and iptables; the node image is used. */
  readonly image: string;
  /** A constant; whatever varies comes as an argument or on stdin. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly input?: string;
  readonly cluster?: string;
  readonly accept?: readonly number[];
  readonly signal: AbortSignal;
}

/** Time for one script on the Docker host. It takes about a second, more on a machine that boots a cluster. */
const timeoutMs = 60_000;

/**
 * Runs a script in the network namespace of the Docker host, in a privileged container that is gone afterwards.
 * This is what makes edgeproof work with an engine in a virtual machine, and without root of its own.
 *
 * @throws ExecError
 */
export async function runOnHost(docker: Docker, { image, script, args = [], input = '', cluster, accept, signal }: HostScript): Promise<ExecResult> {
  const labels = { [ownedLabel]: 'true', ...(cluster !== undefined && { [clusterLabel]: cluster }) };
  return await docker.run([
    'run', '--rm', '--interactive', '--privileged', '--network', 'host', '--pull', 'never',
    '--tmpfs', '/var', // else Docker copies the node image's /var, with all its images, into a volume
    ...labelArgs(labels), '--entrypoint', '/bin/sh', image, '-c', script, 'edgeproof', ...args,
  ], { input, timeoutMs, signal, ...(accept && { accept }) });
}
