import { randomBytes } from 'node:crypto';
import { allDone } from '../../core/all-done.ts';
import type { NodeState } from '../cluster/state.ts';
import type { Docker } from '../docker/docker.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeService, Manifest } from '../kube/objects.ts';

const namespace = 'default';
const canaryLabel = 'edgeproof.dev/canary';

interface Canary {
  readonly node: string;
  readonly service: string;
  readonly clusterIp: string;
  readonly listenAt: string;
  readonly port: number;
}

/**
 * Runs on the node: serves a word ($3) at its address ($1) and port ($2) for a moment, and asks for that word at a
 * ClusterIP ($4). Whatever answers there when the node does not know the Service cannot know the word.
 */
const script = `
folder=$(mktemp -d) && printf %s "$3" > "$folder/word" || exit 7
busybox httpd -f -p "$1:$2" -h "$folder" &
server=$!
trap 'kill "$server" 2>/dev/null; rm -r "$folder"' EXIT
ask() { curl --silent --noproxy "*" --connect-timeout 1 --max-time 2 "http://$1/word"; }
for try in 1 2 3 4 5 6 7 8 9 10; do
  [ "$(ask "$1:$2")" = "$3" ] && break
  [ "$try" = 10 ] && { echo "nothing serves a word at $1:$2" >&2; exit 8; }
  sleep 0.05
done
[ "$(ask "$4")" = "$3" ] && echo known || echo unknown
`;

/**
 * Services that nobody has heard of before, one for each of some nodes: a node that serves its own has had the news from
 * the cloud. After a cut, kube-proxy backs off for 30 to 60 s before it listens again (client-go's reflector, which forgets
 * what it waited only after two calm minutes), and nothing in the API says so: the node is Ready, its Pods run, and
 * the Services of the next scenario do not exist for it.
 */
export class ServiceNews implements AsyncDisposable {
  readonly #kube: KubeClient;
  readonly #docker: Docker;
  readonly #canaries: readonly Canary[];

  private constructor(kube: KubeClient, docker: Docker, canaries: readonly Canary[]) {
    this.#kube = kube;
    this.#docker = docker;
    this.#canaries = canaries;
  }

  /** @throws KubeError, KubeUnreachableError */
  static async spread(kube: KubeClient, docker: Docker, nodes: readonly NodeState[], signal?: AbortSignal): Promise<ServiceNews> {
    const call = signal === undefined ? {} : { signal };
    const id = randomBytes(4).toString('hex');
    const named = nodes.map((node, index) => ({ node, service: `edgeproof-canary-${id}-${index}` }));
    try {
      return new ServiceNews(kube, docker, await allDone(named.map(async ({ node, service }, index): Promise<Canary> => {
        // Below the range of NodePorts; below those of the applications on the hosts' network.
        const port = 19_000 + index;
        const { spec } = await kube.apply<KubeService>(serviceOf(service), call);
        await kube.apply(endpointsOf(service, node, port), call);
        return { node: node.name, service, clusterIp: spec.clusterIP, listenAt: node.address, port };
      })));
    } catch (error) {
      await remove(kube, named.map(({ service }) => service)).catch(() => {}); // why they could not be made says more
      throw error;
    }
  }

  /** The nodes that do not serve their Service yet, and a sentence on each. @throws ExecError when a node does not answer */
  async unheard(signal?: AbortSignal): Promise<{ readonly node: string; readonly why: string }[]> {
    const missing = await allDone(this.#canaries.map(async ({ node, listenAt, port, service, clusterIp }) => {
      const { stdout } = await this.#docker.exec(node, ['sh', '-c', script, 'sh', listenAt, String(port), service, clusterIp], { timeoutMs: 15_000, ...(signal && { signal }) });
      return stdout.trim() === 'known' ? [] : [{ node, why: `node ${node} does not serve a new Service: its kube-proxy has not heard from the cloud yet` }];
    }));
    return missing.flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await remove(this.#kube, this.#canaries.map(({ service }) => service));
  }
}

async function remove(kube: KubeClient, services: readonly string[]): Promise<void> {
  await allDone(services.flatMap((name) => [
    kube.delete('v1', 'Service', name, { namespace }),
    kube.delete('discovery.k8s.io/v1', 'EndpointSlice', name, { namespace }),
  ]));
}

const serviceOf = (name: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace, labels: { [canaryLabel]: 'true' } },
  spec: { ports: [{ name: 'word', port: 80, protocol: 'TCP' }] },
});

const endpointsOf = (service: string, { name, address }: NodeState, port: number): Manifest => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: service, namespace, labels: { 'kubernetes.io/service-name': service, 'endpointslice.kubernetes.io/managed-by': 'edgeproof.dev' } },
  addressType: 'IPv4',
  ports: [{ name: 'word', port, protocol: 'TCP' }],
  endpoints: [{ addresses: [address], nodeName: name, conditions: { ready: true } }],
});
