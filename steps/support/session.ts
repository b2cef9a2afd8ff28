import { CannotTellError } from '../../core/errors.ts';
import { loadCluster } from '../../harness/cluster/store.ts';
import type { ClusterState } from '../../harness/cluster/state.ts';
import { Docker } from '../../harness/docker/docker.ts';
import { privateSocket } from '../../harness/engine/private-engine.ts';
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

let session: Promise<Session> | undefined;

/** @throws CannotTellError when the run was not started by `edgeproof` or the cluster is not there. */
export const openSession = (): Promise<Session> => (session ??= open());

async function open(): Promise<Session> {
  const cluster = await loadCluster(setting('EDGEPROOF_CLUSTER'));
  return {
    cluster,
    docker: new Docker({ host: setting('DOCKER_HOST'), private: setting('DOCKER_HOST') === privateSocket, version: '' }),
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
