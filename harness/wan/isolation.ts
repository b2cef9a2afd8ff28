import { allDone } from '../../core/all-done.ts';
import { CannotTellError } from '../../core/errors.ts';
import { type ClusterState } from '../cluster/state.ts';
import { type Docker } from '../docker/docker.ts';
import { runOnHost } from './host-helper.ts';
import { clusterChain, goneChain, type IsolationPlan, planOf, severedPairs, siteChain, unbornPlan, type UnbornCluster } from './rules.ts';
import { applyScript, blackholeScript, dockerFlavour, findIsolations, flavours, parseSave, removeScript, readKeptIn, readSwallowed, swallowScript, type Flavour, type FoundIsolation, type Ruleset, type WanConnection } from './ruleset.ts';

/** What the Docker host had and what was done to it. */
export interface IsolationApplied {
  readonly chain: string;
  readonly flavour: Flavour;
  /** True when bridged traffic passed the host's iptables unseen and had to be brought there: tell the user. */
  readonly switchedBridgeNfOn: boolean;
}

/** Prints, for each flavour, what it holds; then whether bridged traffic meets iptables (1, 0, or nothing). */
const readScript = `
for flavour in iptables-nft iptables-legacy; do
  echo "#flavour $flavour"
  if command -v "$flavour-save" >/dev/null; then "$flavour-save" 2>/dev/null; fi
done
echo "#bridge-nf"
cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null || true
`;

/** Arguments: flavour, then pairs of addresses whose tracked connections are forgotten. Rules come on stdin. */
const applyHostScript = `
set -eu
flavour=$1; shift
"$flavour-restore" --noflush --wait 10
nf=/proc/sys/net/bridge/bridge-nf-call-iptables
[ "$(cat $nf)" = 1 ] || echo 1 > $nf
while [ $# -ge 2 ]; do
  # It ends with 1 when there was none. The rules look at no state, so they hold either way; this only spares
  # a client the wait for its own time-out.
  conntrack -D -s "$1" -d "$2" >/dev/null 2>&1 || true
  shift 2
done
`;

/** Prints a chain of the table nat with its counters, whoever has it. Argument: the chain. */
const countScript = `
found=3
for flavour in iptables-nft iptables-legacy; do
  if "$flavour" -w 10 -t nat -v -S "$1" 2>/dev/null; then found=0; fi
done
exit $found
`;

const restoreScript = `exec "$1-restore" --noflush --wait 10`;

/** Prints the rules of a chain of the table filter. Argument: the chain. */
export const listWhereScript = `
for flavour in iptables-nft iptables-legacy; do
  if "$flavour" -w 10 -S "$1" 2>/dev/null; then exit 0; fi
done
exit 3
`;

/** Arguments: a chain of the table filter. Rules come on stdin, for the flavour that has that chain. */
export const restoreWhereScript = `
for flavour in iptables-nft iptables-legacy; do
  if "$flavour" -w 10 -n -L "$1" >/dev/null 2>&1; then exec "$flavour-restore" --noflush --wait 10; fi
done
exit 3
`;

interface HostFirewall {
  readonly rulesets: ReadonlyMap<Flavour, Ruleset>;
  /** Undefined when the kernel has no br_netfilter. */
  readonly bridgeNf: boolean | undefined;
}

async function readHost(docker: Docker, image: string, signal: AbortSignal): Promise<HostFirewall> {
  const { stdout } = await runOnHost(docker, { image, script: readScript, signal });
  const [saves = '', bridgeNf = ''] = stdout.split('#bridge-nf\n');
  const rulesets = new Map<Flavour, Ruleset>();
  for (const part of saves.split('#flavour ')) {
    const flavour = flavours.find((name) => part.startsWith(`${name}\n`));
    if (flavour !== undefined) rulesets.set(flavour, parseSave(part));
  }
  return { rulesets, bridgeNf: bridgeNf.trim() === '' ? undefined : bridgeNf.trim() === '1' };
}

/** The network device on the Docker host that a Docker network's containers hang on. */
async function bridgeOf(docker: Docker, network: string, signal: AbortSignal): Promise<string> {
  const format = '{{.Id}} {{index .Options "com.docker.network.bridge.name"}}';
  const [id = '', name = ''] = (await docker.run(['network', 'inspect', '--format', format, network], { signal })).stdout.trim().split(' ');
  return name === '' || name === '<no' ? `br-${id.slice(0, 12)}` : name;
}

/**
 * Makes the cluster's edge nodes reach the cloud only through their site's WAN container. May be called again;
 * it also undoes black holes.
 *
 * @param image any image with sh, iptables and conntrack (the node image)
 * @throws CannotTellError `ISOLATION_NO_DOCKER_USER`, `ISOLATION_NO_BRIDGE_NETFILTER`; ExecError
 */
export async function applyIsolation(docker: Docker, image: string, cluster: ClusterState, signal: AbortSignal): Promise<IsolationApplied> {
  const { plan, ...applied } = await apply(docker, image, cluster, (bridge) => planOf(cluster, bridge), signal);
  await endSockets(docker, cluster, severedPairs(plan), signal);
  return applied;
}

/**
 * Keeps packets for Service and Pod addresses from leaving the cluster's network. For a network that has no nodes yet:
 * `applyIsolation` includes it.
 *
 * @throws as `applyIsolation`
 */
export async function shutWayOut(docker: Docker, image: string, cluster: UnbornCluster, signal: AbortSignal): Promise<IsolationApplied> {
  const { plan: _, ...applied } = await apply(docker, image, cluster, (bridge) => unbornPlan(cluster, bridge), signal);
  return applied;
}

async function apply(docker: Docker, image: string, cluster: UnbornCluster, planFor: (bridge: string) => IsolationPlan, signal: AbortSignal): Promise<IsolationApplied & { plan: IsolationPlan }> {
  const [host, bridge] = await Promise.all([readHost(docker, image, signal), bridgeOf(docker, cluster.network.name, signal)]);
  const flavour = dockerFlavour(host.rulesets, bridge);
  if (flavour === undefined) {
    throw new CannotTellError('ISOLATION_NO_DOCKER_USER', 'the Docker host has no iptables chain DOCKER-USER, so edge nodes cannot be cut off from the cloud', {
      next: 'let Docker manage iptables (no "iptables": false, no nftables firewall backend in its daemon.json), then start it again',
    });
  }
  if (host.bridgeNf === undefined) {
    throw new CannotTellError('ISOLATION_NO_BRIDGE_NETFILTER', 'bridged traffic does not pass iptables on the Docker host: its kernel has not loaded br_netfilter', {
      next: 'run `modprobe br_netfilter` on the Docker host',
    });
  }
  const plan = planFor(bridge);
  const input = applyScript(plan, host.rulesets.get(flavour) ?? {});
  await runOnHost(docker, { image, script: applyHostScript, args: [flavour, ...severedPairs(plan).flat()], input, cluster: cluster.name, signal });
  return { plan, chain: clusterChain(cluster.name), flavour, switchedBridgeNfOn: !host.bridgeNf };
}

/**
 * Ends, on the nodes, the TCP connections that no packet passes any more. Who waits for news on one sends nothing and
 * would hear of it only by a timer: 30 s in Kubernetes' clients. A kernel that cannot do it (`INET_DIAG_DESTROY`) leaves
 * it to those timers.
 */
async function endSockets(docker: Docker, cluster: ClusterState, severed: readonly (readonly [string, string])[], signal: AbortSignal): Promise<void> {
  await allDone(cluster.nodes.map(async ({ name, address }) => {
    const far = severed.filter(([from]) => from === address).map(([, to]) => to);
    if (far.length === 0) return;
    const filter = far.flatMap((to, index) => [...(index === 0 ? [] : ['or']), 'dst', to]);
    await docker.exec(name, ['ss', '--kill', '--tcp', '--numeric', '--no-header', ...filter], { accept: 'any', timeoutMs: 15_000, signal });
  }));
}

/**
 * Of each node, by its name, how many packets for Service and Pod addresses have been refused (of a connection the first), since the
 * isolation was applied.
 *
 * @throws CannotTellError `ISOLATION_MISSING` when the cluster's chains are not on the host
 */
export async function packetsKeptIn(docker: Docker, cluster: ClusterState, signal: AbortSignal): Promise<Map<string, number>> {
  const met = readKeptIn(await onChain(docker, cluster, clusterChain(cluster.name), countScript, '', signal));
  return new Map(cluster.nodes.map(({ name, address }) => [name, met.get(address) ?? 0]));
}

/** Removes a cluster's chains by its name alone. Returns whether there were any. @throws ExecError */
export async function removeIsolation(docker: Docker, image: string, cluster: string, signal: AbortSignal): Promise<boolean> {
  const { rulesets } = await readHost(docker, image, signal);
  let found = false;
  for (const [flavour, ruleset] of rulesets) {
    const input = removeScript(cluster, ruleset);
    if (input === undefined) continue;
    found = true;
    await runOnHost(docker, { image, script: restoreScript, args: [flavour], input, cluster, signal });
  }
  return found;
}

/** Every edgeproof cluster whose chains are on the Docker host, running or left over. @throws ExecError */
export async function listIsolation(docker: Docker, image: string, signal: AbortSignal): Promise<FoundIsolation[]> {
  const { rulesets } = await readHost(docker, image, signal);
  return [...rulesets].flatMap(([flavour, ruleset]) => findIsolations(flavour, ruleset));
}

/**
 * Makes a site's WAN swallow every packet, both ways and on both of its sides, or lets it through again. No RST
 * is sent and no connection is ended: each side finds out by its own timers. Idempotent.
 *
 * @throws CannotTellError `ISOLATION_MISSING` when the cluster's chains are not on the host
 */
export async function setBlackhole(docker: Docker, cluster: ClusterState, site: string, on: boolean, signal: AbortSignal): Promise<void> {
  await onChain(docker, cluster, siteChain(cluster.name, site), restoreWhereScript, blackholeScript(cluster.name, site, on), signal);
}

/**
 * Makes a site's WAN swallow, both ways, what belongs to some of the connections that it has itself to the cloud, and let
 * through all others. A black hole that is on stays so, and the other way round. Idempotent.
 *
 * @param connections none: it swallows nothing of them
 * @throws CannotTellError `ISOLATION_MISSING`, `CLUSTER_EMPTY`
 */
export async function swallowConnections(docker: Docker, cluster: ClusterState, site: string, connections: readonly WanConnection[], signal: AbortSignal): Promise<void> {
  await onChain(docker, cluster, goneChain(cluster.name, site), restoreWhereScript, swallowScript(cluster.name, site, wanAddress(cluster, site), connections), signal);
}

/** The connections that it swallows. @throws CannotTellError as `swallowConnections` */
export async function swallowedConnections(docker: Docker, cluster: ClusterState, site: string, signal: AbortSignal): Promise<WanConnection[]> {
  return readSwallowed(await onChain(docker, cluster, goneChain(cluster.name, site), listWhereScript, '', signal), wanAddress(cluster, site));
}

export function wanAddress(cluster: ClusterState, site: string): string {
  const wan = cluster.wans.find((one) => one.site === site);
  if (wan === undefined) throw new CannotTellError('CLUSTER_EMPTY', `cluster ${cluster.name} has no site ${site}`);
  return wan.address;
}

/**
 * Runs a script about one of a cluster's chains on the Docker host; 3 is its code for a host that has no such chain.
 *
 * @returns what the script printed
 * @throws CannotTellError `ISOLATION_MISSING`
 */
export async function onChain(docker: Docker, cluster: ClusterState, chain: string, script: string, input: string, signal: AbortSignal): Promise<string> {
  const image = await helperImageOf(docker, cluster, signal);
  const { code, stdout } = await runOnHost(docker, { image, script, args: [chain], input, cluster: cluster.name, accept: [0, 3], signal });
  if (code === 3) throw notIsolated(cluster.name, chain);
  return stdout;
}

const notIsolated = (cluster: string, chain: string): CannotTellError => new CannotTellError('ISOLATION_MISSING', `the Docker host has no chain ${chain}: cluster ${cluster} is not isolated`, {
  next: `boot the cluster again: edgeproof down ${cluster} && edgeproof up`,
});

/** The image of a node is always there while the cluster is, and has all that the helper needs. */
async function helperImageOf(docker: Docker, cluster: ClusterState, signal: AbortSignal): Promise<string> {
  const node = cluster.nodes[0];
  if (node === undefined) throw new CannotTellError('CLUSTER_EMPTY', `cluster ${cluster.name} has no nodes`);
  return (await docker.inspect(node.name, signal)).Config.Image;
}
