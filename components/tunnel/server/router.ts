import { isIPv4, type BlockList } from 'node:net';
import type { HostPort } from '../common/host-port.ts';
import { rangeOf, type KnownNode, type NodeDirectory } from './node-directory.ts';

/** Where a CONNECT leads. */
export type Route =
  /** Through the agent of a node; `target` is what the agent is asked to dial. */
  | { readonly kind: 'agent'; readonly node: string; readonly target: HostPort }
  | { readonly kind: 'direct'; readonly target: HostPort }
  | { readonly kind: 'refused'; readonly status: 403 | 404 | 409; readonly reason: string };

/** What a client may reach: `kubelets` only, or all that the apiserver's `cluster` egress carries. */
export type Reach = 'cluster' | 'kubelets';

export interface RouterOptions {
  readonly directory: NodeDirectory;
  /** TCP port of all kubelets. */
  readonly kubeletPort: number;
  /** IPv4 ranges that are dialled directly, besides cloud nodes' Pods: Services. */
  readonly directCidrs: readonly string[];
}

const refused = (status: 403 | 404 | 409, reason: string): Route => ({ kind: 'refused', status, reason });

/** Decides where a target is. Whatever is neither a node, nor a Pod, nor in the direct ranges is refused: no open proxy. */
export class Router {
  readonly #options: RouterOptions;
  readonly #direct: BlockList;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#direct = rangeOf(...options.directCidrs);
  }

  route(target: HostPort, reach: Reach): Route {
    const { directory, kubeletPort } = this.#options;
    const nodes = directory.at(target.host);
    if (nodes.length > 1) return refused(409, `${target.host} is the address of ${nodes.map(({ name }) => name).join(' and ')}: ask for a node by its name`);
    if (nodes[0] !== undefined) {
      if (target.port !== kubeletPort) return refused(403, `of node ${nodes[0].name} only port ${kubeletPort} is reached`);
      return kubeletRoute(nodes[0], kubeletPort);
    }
    if (reach === 'kubelets') return refused(403, `this client reaches kubelets only, and ${target.host} is no node`);
    if (!isIPv4(target.host)) return refused(404, `${target.host} is neither a node nor an address`);
    const node = directory.ofPod(target.host);
    if (node?.edge === true) return { kind: 'agent', node: node.name, target };
    if (node !== undefined || this.#direct.check(target.host)) return { kind: 'direct', target };
    return refused(403, `${target.host} is no node, no Pod and no Service of this cluster`);
  }
}

function kubeletRoute(node: KnownNode, port: number): Route {
  if (node.edge) return { kind: 'agent', node: node.name, target: { host: node.name, port } };
  if (node.internalIp === undefined) return refused(404, `node ${node.name} has no InternalIP yet`);
  return { kind: 'direct', target: { host: node.internalIp, port } };
}
