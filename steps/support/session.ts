import { BroadcastChannel, isMainThread } from 'node:worker_threads';
import { CannotTellError } from '../../core/errors.ts';
import { loadCluster } from '../../harness/cluster/store.ts';
import type { ClusterState } from '../../harness/cluster/state.ts';
import { Docker } from '../../harness/docker/docker.ts';
import { KubeClient } from '../../harness/kube/client.ts';
import { Kubectl } from '../../harness/kube/kubectl.ts';
import { FaultLog } from '../../chaos/fault-log.ts';

/** What all scenarios of one run share: the cluster, and the ways to talk to it. */
export interface Session {
  readonly cluster: ClusterState;
  readonly docker: Docker;
  readonly kube: KubeClient;
  readonly kubectl: Kubectl;
  readonly faults: FaultLog;
  /** Where logs of failed scenarios go. */
  readonly runDir: string;
}

/** Aborted when the run is told to stop. Clean-up does not listen to it: it has its own deadline. */
export const interruption = new AbortController();
const interrupt = (name: string): void => interruption.abort(new CannotTellError('INTERRUPTED', `the run was interrupted (${name})`));
// Scenarios run in worker threads, and only the main thread hears signals.
const signals = new BroadcastChannel('edgeproof-signals');
signals.unref();
if (isMainThread) {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      interrupt(name);
      signals.postMessage(name);
    });
  }
} else {
  signals.onmessage = ({ data }) => interrupt(String(data));
}

let session: Promise<Session> | undefined;

/** @throws CannotTellError when the run was not started by `edgeproof` or the cluster is not there. */
export const openSession = (): Promise<Session> => (session ??= open());

async function open(): Promise<Session> {
  const cluster = await loadCluster(setting('EDGEPROOF_CLUSTER'));
  return {
    cluster,
    docker: new Docker({ host: setting('DOCKER_HOST'), private: false, version: '' }),
    kube: await KubeClient.fromKubeconfig(cluster.kubeconfig),
    kubectl: new Kubectl(setting('EDGEPROOF_KUBECTL'), cluster.kubeconfig),
    faults: await FaultLog.open(cluster),
    runDir: setting('EDGEPROOF_RUN_DIR'),
  };
}

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new CannotTellError('NOT_STARTED_BY_EDGEPROOF', `${name} is not set`, { next: 'Run the features by `npx edgeproof conformance`, which starts Cucumber with all it needs.' });
  }
  return value;
}
