import { type ExecResult } from '../core/exec.ts';
import { controlPlaneOf } from '../harness/cluster/state.ts';
import { type FaultContext } from './fault.ts';

const timeoutMs = 20_000;

/** Runs on the control plane as its administrator. */
export const kubectl = ['kubectl', '--kubeconfig', '/etc/kubernetes/admin.conf'] as const;

/** On the control plane itself: no client of the cluster's is needed, and what is saved there goes with the cluster. */
export async function onControlPlane({ cluster, docker, signal }: FaultContext, argv: readonly string[], options: { input?: string; accept?: 'any' } = {}): Promise<ExecResult> {
  return await docker.exec(controlPlaneOf(cluster).name, argv, { timeoutMs, signal, ...options });
}

/** A file is there whole or not at all. */
export async function saveOnControlPlane(ctx: FaultContext, path: string, input: string): Promise<void> {
  await onControlPlane(ctx, ['sh', '-c', 'cat > "$1.partial" && mv "$1.partial" "$1"', 'edgeproof', path], { input });
}
