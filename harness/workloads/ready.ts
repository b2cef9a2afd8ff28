import { CannotTellError } from '../../core/errors.ts';
import { WaitTimeoutError, waitFor, type WaitOptions } from '../../core/wait.ts';
import type { KubeClient } from '../kube/client.ts';
import { isReady, type KubeEvent, type KubePod } from '../kube/objects.ts';
import { echoLabel } from './echo.ts';

/** The Pods of an echo application that nobody is removing, by name. */
export async function podsOf(kube: KubeClient, namespace: string, name: string, signal?: AbortSignal): Promise<KubePod[]> {
  const pods = await kube.list<KubePod>('v1', 'Pod', { namespace, labelSelector: `${echoLabel}=${name}`, ...(signal && { signal }) });
  return pods.filter((pod) => pod.metadata.deletionTimestamp === undefined).sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
}

/**
 * Waits until an application has exactly `count` Pods, all Ready.
 *
 * @throws CannotTellError `WORKLOAD_NOT_READY`, saying for each Pod its phase, its reason and its last event.
 */
export async function waitUntilReady(kube: KubeClient, namespace: string, name: string, count: number, options: WaitOptions): Promise<KubePod[]> {
  try {
    return await waitFor(`${count} Ready Pods of ${namespace}/${name}`, async (signal) => {
      const pods = await podsOf(kube, namespace, name, signal);
      const waiting = pods.filter((pod) => !isReady(pod));
      if (pods.length === count && waiting.length === 0) return { done: pods };
      return { missing: pods.length === count ? waiting.map(describePod).join('; ') : `${pods.length} of ${count} Pods exist` };
    }, options);
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
    throw new CannotTellError('WORKLOAD_NOT_READY', `${error.message}${await lastEvents(kube, namespace)}`, { cause: error.cause });
  }
}

/** One line on a Pod: where it is, its phase, and why it is not Ready. */
export function describePod(pod: KubePod): string {
  const { phase = 'Unknown', reason, conditions = [], containerStatuses = [] } = pod.status;
  const waiting = containerStatuses.flatMap(({ state }) => (state?.waiting?.reason === undefined ? [] : [`${state.waiting.reason} ${state.waiting.message ?? ''}`.trim()]));
  const unscheduled = conditions.filter(({ type, status }) => type === 'PodScheduled' && status === 'False').map(({ message }) => message ?? 'unscheduled');
  const why = [reason, ...waiting, ...unscheduled].filter((text) => text !== undefined);
  return `${pod.metadata.name} on ${pod.spec.nodeName ?? 'no node'}: ${phase}${why.length === 0 ? '' : ` (${why.join('; ')})`}`;
}

async function lastEvents(kube: KubeClient, namespace: string): Promise<string> {
  try {
    const events = await kube.list<KubeEvent>('v1', 'Event', { namespace, timeoutMs: 3000 });
    const when = (event: KubeEvent): string => event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? '';
    const last = events.filter(({ type }) => type === 'Warning').sort((a, b) => when(a).localeCompare(when(b))).slice(-3);
    return last.map(({ involvedObject, reason, message }) => `\n  event: ${involvedObject.kind} ${involvedObject.name}: ${reason}: ${message}`).join('');
  } catch {
    return ''; // the time-out itself is what matters; that it cannot be explained must not hide it
  }
}
