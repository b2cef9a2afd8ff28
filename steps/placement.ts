import { Then, When } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { cloudNodes, edgeNodes, type NodeState } from '../harness/cluster/state.ts';
import { condition, isReady, type KubePod } from '../harness/kube/objects.ts';
import { echoWorkload, type EchoOptions } from '../harness/workloads/echo.ts';
import { describePod, podsOf } from '../harness/workloads/ready.ts';
import type { EdgeWorld } from './support/world.ts';

const deploy = async (world: EdgeWorld, options: Omit<EchoOptions, 'namespace'>): Promise<void> => {
  await world.kube.apply(echoWorkload({ ...options, namespace: world.namespace }), { signal: world.signal });
};

When('a Deployment of {int} replicas asks for cloud nodes', async function (this: EdgeWorld, replicas: number) {
  await deploy(this, { name: 'deployment', placement: { tier: 'cloud' }, replicas });
  this.expectedPods.set('deployment', replicas);
});

When('a Deployment of {int} replicas does not say where to run', async function (this: EdgeWorld, replicas: number) {
  await deploy(this, { name: 'deployment', placement: 'anywhere', replicas });
  this.expectedPods.set('deployment', replicas);
});

When('a DaemonSet asks for edge nodes', async function (this: EdgeWorld) {
  await deploy(this, { name: 'daemonset', kind: 'DaemonSet', placement: { tier: 'edge' } });
  this.expectedPods.set('daemonset', edgeNodes(this.cluster).length);
});

When('a Pod asks for an edge node but does not tolerate its taint', async function (this: EdgeWorld) {
  await deploy(this, { name: 'pod', kind: 'Pod', placement: { tier: 'edge' }, tolerateEdge: false });
});

/** Waits until all Pods of a workload run. @returns where, in the order of the Pods' names. */
async function placesOf(world: EdgeWorld, name: string, seconds: number): Promise<KubePod[]> {
  const count = world.expectedPods.get(name);
  if (count === undefined) throw new CannotTellError('NO_SUCH_WORKLOAD', `no step has made a ${name}`);
  return await world.within({ what: `${count} Pods of the ${name} running`, seconds, code: 'WORKLOAD_NOT_RUNNING' }, async (signal) => {
    const pods = await podsOf(world.kube, world.namespace, name, signal);
    const waiting = pods.filter((pod) => !isReady(pod));
    if (pods.length >= count && waiting.length === 0) return { done: pods };
    return { missing: waiting.map(describePod).join('; ') || `${pods.length} of ${count} Pods exist` };
  });
}

function rejectOutside(pods: readonly KubePod[], allowed: readonly NodeState[], where: string): void {
  const astray = pods.filter(({ spec }) => !allowed.some(({ name }) => name === spec.nodeName));
  if (astray.length > 0) throw new PromiseBroken('WORKLOAD_MISPLACED', `not on ${where}: ${astray.map(({ metadata, spec }) => `${metadata.name} on ${spec.nodeName}`).join(', ')}`);
}

Then('the Deployment runs within {int} s, on cloud nodes only', async function (this: EdgeWorld, seconds: number) {
  rejectOutside(await placesOf(this, 'deployment', seconds), cloudNodes(this.cluster), 'a cloud node');
});

Then('the DaemonSet runs within {int} s, once on every edge node and nowhere else', async function (this: EdgeWorld, seconds: number) {
  const pods = await placesOf(this, 'daemonset', seconds);
  rejectOutside(pods, edgeNodes(this.cluster), 'an edge node');
  const uneven = edgeNodes(this.cluster).filter(({ name }) => pods.filter(({ spec }) => spec.nodeName === name).length !== 1);
  if (uneven.length > 0) throw new PromiseBroken('WORKLOAD_MISPLACED', `not exactly one Pod on ${uneven.map(({ name }) => name).join(', ')}`);
});

Then('the Pod is refused by the scheduler within {int} s', async function (this: EdgeWorld, seconds: number) {
  const pod = await this.within({ what: 'the scheduler refusing the Pod', seconds, code: 'EDGE_TAINT_IGNORED' }, async (signal) => {
    const [one] = await podsOf(this.kube, this.namespace, 'pod', signal);
    if (one === undefined) return { missing: 'the Pod does not exist' };
    const scheduled = condition(one, 'PodScheduled');
    return scheduled === undefined ? { missing: 'the scheduler has not said anything' } : { done: one };
  });
  if (condition(pod, 'PodScheduled')?.status === 'True') throw new PromiseBroken('EDGE_TAINT_IGNORED', `the Pod does not tolerate the edge and runs on ${pod.spec.nodeName}`);
});
