import { Then, When } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { silentStep, type Step } from '../core/progress.ts';
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
  const told: string[] = [];
  const step: Step = { ...silentStep, result: (text) => void told.push(text) };
  try {
    await uninstallFrom({ cluster, implementation: await loadImplementation(cluster.implementation), docker, kubectl: kubectl.path, progress: { ...step, step: async (_name, work) => await work(step) }, signal });
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
    throw new PromiseBroken('NOT_TAKEN_OUT', error.message, { cause: error });
  }
  this.takenOut = told.join('; ');
});

/** The uninstaller itself compares, and fails otherwise: it is not believed without having compared. */
Then("each node, its units, files and addresses, and the API's objects are what they were before it came", function (this: EdgeWorld) {
  if (!/^\d+ things are as they were$/.test(this.takenOut ?? '')) throw new CannotTellError('NOT_COMPARED', `nothing was compared: ${this.takenOut ?? 'nothing was taken out'}`);
  this.log(this.takenOut!);
});
