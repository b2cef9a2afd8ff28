import { Then, When } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { silentProgress } from '../core/progress.ts';
import { WaitTimeoutError } from '../core/wait.ts';
import { uninstallFrom } from '../harness/cluster/uninstall.ts';
import { deleteNamespace } from '../harness/workloads/namespaces.ts';
import { loadImplementation } from '../implementations/load.ts';
import type { EdgeWorld } from './support/world.ts';

/** An API server and the kubelets are restarted, and servers end what they carry. */
const uninstallTimeout = { timeout: 600_000 };

When('the implementation is taken out', uninstallTimeout, async function (this: EdgeWorld) {
  this.demandAlone('the end of the implementation');
  const { cluster, docker, kube, kubectl, signal } = this;
  // The scenario's own was not there before either.
  await deleteNamespace(kube, this.namespace, signal);
  try {
    this.thingsCompared = await uninstallFrom({ cluster, implementation: await loadImplementation(cluster.implementation), docker, kubectl: kubectl.path, progress: silentProgress, signal });
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
    throw new PromiseBroken('NOT_TAKEN_OUT', error.message, { cause: error });
  }
});

/** The uninstaller itself compares, and fails otherwise: it is not believed without having compared. */
Then("each node, its units, files and addresses, and the API's objects are what they were before it came", function (this: EdgeWorld) {
  if (this.thingsCompared === 0) throw new CannotTellError('NOT_COMPARED', 'nothing was compared with what was there before');
  this.log(`${this.thingsCompared} things are as they were`);
});
