import type { Codec, KubeRequest, WireObject } from '../wire/index.ts';
import { encodingOf } from './encoding.ts';
import { asShown, type Shown } from './objects.ts';

/** Which objects a request is about, as far as it decides what is shown. */
export type Asked = Pick<KubeRequest, 'apiGroup' | 'resource' | 'subresource'>;

/** The object as this node is to see it: the same bytes where nothing differs. */
export type Rewrite = (object: WireObject, codec: Codec) => Buffer;

const kubeProxy = 'system:serviceaccount:kube-system:kube-proxy';

/**
 * What a request's answer must be rewritten by, if it may hold anything that this node is to see otherwise. Only the node itself
 * and its kube-proxy are shown anything else than what there is.
 *
 * @param identity of the client, as Kubernetes names users
 * @returns undefined when its answers pass as they are
 */
export function rewriteFor({ apiGroup, resource, subresource }: Asked, identity: string, shown: Shown): Rewrite | undefined {
  if (subresource !== '') return undefined;
  const of = `${apiGroup}/${resource}`;
  const isNode = identity === `system:node:${shown.node}`;
  if (isNode && of === '/configmaps') return (object, codec) => asShown('configmaps', object, encodingOf(codec), shown);
  if ((isNode || identity === kubeProxy) && of === 'discovery.k8s.io/endpointslices') return (object, codec) => asShown('endpointslices', object, encodingOf(codec), shown);
  return undefined;
}
