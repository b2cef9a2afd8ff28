import { Then } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { flannelNamespace } from '../harness/cluster/flannel.ts';
import { edgeNodes } from '../harness/cluster/state.ts';
import type { KubePod } from '../harness/kube/objects.ts';
import { throughout } from './support/budget.ts';
import { attempt, failureOf } from './support/kubectl-attempt.ts';
import { oneAttemptMs } from './support/tunnel.ts';
import type { EdgeWorld } from './support/world.ts';

/** Each edge node has a Pod of flannel, so its log is there to be asked for. */
async function podsOfFlannel(world: EdgeWorld): Promise<KubePod[]> {
  const pods = await world.kube.list<KubePod>('v1', 'Pod', { namespace: flannelNamespace, signal: world.signal });
  return edgeNodes(world.cluster).map(({ name }) => {
    const pod = pods.find(({ spec, metadata }) => spec.nodeName === name && metadata.deletionTimestamp === undefined);
    if (pod === undefined) throw new CannotTellError('NO_POD', `no Pod of flannel is on ${name}`);
    return pod;
  });
}

const logsArgs = ({ metadata }: KubePod): string[] => ['logs', '--namespace', flannelNamespace, '--tail=1', metadata.name];

/** What is wrong with `kubectl logs` of each edge node, asked at once; undefined when nothing is. */
async function failure(world: EdgeWorld, pods: readonly KubePod[], timeoutMs: number): Promise<string | undefined> {
  const failures = await Promise.all(pods.map(async (pod) => {
    const failed = failureOf(await attempt(world, logsArgs(pod), { timeoutMs }));
    return failed === undefined ? [] : [`kubectl logs of ${pod.metadata.name} on ${pod.spec.nodeName}: ${failed}`];
  }));
  const all = failures.flat();
  return all.length === 0 ? undefined : all.join('; ');
}

Then('kubectl logs works for every edge node, {int} times in a row, within {int} s each', async function (this: EdgeWorld, times: number, seconds: number) {
  const pods = await podsOfFlannel(this);
  for (let time = 1; time <= times; time++) {
    const failed = await failure(this, pods, seconds * 1000);
    if (failed !== undefined) throw new PromiseBroken('LOGS_UNREACHABLE', `time ${time}: ${failed}`);
  }
});

Then('kubectl logs works for every edge node again, within {int} s', async function (this: EdgeWorld, seconds: number) {
  const pods = await podsOfFlannel(this);
  await this.within({ what: 'kubectl logs of every edge node again', seconds, code: 'LOGS_UNREACHABLE' }, async () => {
    const failed = await failure(this, pods, oneAttemptMs);
    return failed === undefined ? { done: true } : { missing: failed };
  });
});

/** Of one attempt while none may fail. */
const patienceMs = 5000;

Then('kubectl logs works for every edge node, whenever it is asked, for {int} s', async function (this: EdgeWorld, seconds: number) {
  const pods = await podsOfFlannel(this);
  await throughout({ forMs: seconds * 1000, code: 'LOGS_UNREACHABLE', signal: this.signal, everyMs: 250 }, async () => await failure(this, pods, patienceMs));
});
