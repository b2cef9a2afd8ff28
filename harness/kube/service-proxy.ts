import { waitFor } from '../../core/wait.ts';
import type { KubeClient } from './client.ts';
import { isReady, type KubePod } from './objects.ts';

const namespace = 'kube-system';
const labelSelector = 'k8s-app=kube-proxy';

/**
 * Has the kube-proxy of some nodes replaced by one that knows no back-off, and waits until that one is Ready. The rules
 * that the old one wrote stay, so Services go on working meanwhile. A node without a kube-proxy is left as it is.
 *
 * @throws WaitTimeoutError naming the nodes; KubeError, KubeUnreachableError
 */
export async function replaceServiceProxies(kube: KubeClient, nodes: readonly string[], options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<void> {
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const on = async (signal?: AbortSignal): Promise<KubePod[]> =>
    (await kube.list<KubePod>('v1', 'Pod', { namespace, labelSelector, ...(signal && { signal }) })).filter(({ spec }) => nodes.includes(spec.nodeName ?? ''));
  const old = await on(options.signal);
  await Promise.all(old.map(async ({ metadata }) => await kube.delete('v1', 'Pod', metadata.name, { namespace, ...call })));
  const gone = new Set(old.map(({ metadata }) => metadata.uid));
  await waitFor('another kube-proxy', async (signal) => {
    const now = await on(signal);
    const without = old.flatMap(({ spec: { nodeName = '' } }) => {
      const here = now.filter(({ spec }) => spec.nodeName === nodeName);
      return here.length > 0 && here.every((pod) => !gone.has(pod.metadata.uid) && isReady(pod)) ? [] : [nodeName];
    });
    return without.length === 0 ? { done: undefined } : { missing: `none is Ready on ${without.join(', ')}` };
  }, options);
}
