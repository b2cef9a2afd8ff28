import type { KubeRequest } from '../wire/index.ts';
import { asShown, type Shown } from './objects.ts';

/** Which objects a request is about, as far as it decides what is shown. */
export type Asked = Pick<KubeRequest, 'apiGroup' | 'resource' | 'subresource'>;

/** Takes the JSON of one object, and gives what this node is to see of it: the same text where nothing differs. */
export type Rewrite = (json: string) => string;

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
  const differs = (isNode && of === '/configmaps') || ((isNode || identity === kubeProxy) && of === 'discovery.k8s.io/endpointslices');
  if (!differs) return undefined;
  return (json) => {
    const object: unknown = JSON.parse(json);
    const other = asShown(object, shown);
    return other === object ? json : JSON.stringify(other);
  };
}
