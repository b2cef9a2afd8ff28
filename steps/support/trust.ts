import { CannotTellError, PromiseBroken } from '../../core/errors.ts';
import { silentProgress } from '../../core/progress.ts';
import { WaitTimeoutError } from '../../core/wait.ts';
import { implementationFolder } from '../../harness/cluster/store.ts';
import type { Implementation, TunnelTrust } from '../../harness/implementation.ts';
import { loadImplementation } from '../../implementations/load.ts';
import type { Session } from './session.ts';

/** What is turned, and how it is told what happens. */
export interface Turning {
  readonly session: Pick<Session, 'cluster' | 'docker' | 'kube' | 'kubectl'>;
  readonly signal: AbortSignal;
  /** Default: that of the cluster. */
  readonly implementation?: Pick<Implementation, 'setTunnelTrust'>;
}

/** Whether a graded tunnel cannot be asked to rotate the authority that its agents trust. Where no tunnel is, the question is another. */
export async function cannotTurn({ cluster }: Pick<Session, 'cluster'>): Promise<boolean> {
  return cluster.tunnel !== undefined && (await loadImplementation(cluster.implementation)).setTunnelTrust === undefined;
}

/**
 * Lets the graded implementation bring its tunnel into a state of a rotation.
 *
 * @throws PromiseBroken `ROTATION_STUCK` when a part of it does not take it up; CannotTellError `NO_ROTATION` when it cannot be asked
 */
export async function turnTrust({ session, signal, implementation }: Turning, trust: TunnelTrust): Promise<void> {
  const { cluster, docker, kube, kubectl } = session;
  const { setTunnelTrust } = implementation ?? await loadImplementation(cluster.implementation);
  if (setTunnelTrust === undefined) throw new CannotTellError('NO_ROTATION', `${cluster.implementation} has no setTunnelTrust`, { next: 'see docs/implementations.md' });
  const step = { ...silentProgress, detail: () => {}, result: () => {} };
  try {
    await setTunnelTrust({ cluster, folder: implementationFolder(cluster.name), docker, kube, kubectl, step, signal }, trust);
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
    throw new PromiseBroken('ROTATION_STUCK', `agents that trust ${trust.trusted.join(' and ')}, servers that show ${trust.serving}: ${error.message}`, { cause: error });
  }
}

/** As after the install, from whatever state it is in: nobody is refused on the way. */
export async function turnBack(turning: Turning): Promise<void> {
  await turnTrust(turning, { trusted: ['old', 'new'], serving: 'old' });
  await turnTrust(turning, { trusted: ['old'], serving: 'old' });
}
