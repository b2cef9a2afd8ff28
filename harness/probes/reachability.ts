import { allDone } from '../../core/all-done.ts';
import { CannotTellError } from '../../core/errors.ts';
import { type ClusterState, edgeNodes, nodesOfSite } from '../cluster/state.ts';
import { type Docker } from '../docker/docker.ts';
import { packetsKeptIn } from '../wan/isolation.ts';
import { apiserver } from '../wan/services.ts';
import { connectWan } from '../wan/wan.ts';
import { dialFrom, pingFrom } from './dial.ts';
import { reachPlan, wayProbes, type Expected, type ReachProbe, type Seen } from './reach-plan.ts';

export interface ReachResult extends ReachProbe {
  readonly seen: Seen;
  readonly detail: string;
  readonly ok: boolean;
}

export interface ReachOptions {
  /** Only probes that one of these nodes takes part in. Default: all. */
  readonly nodes?: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Probes, from inside the nodes and all at once, who reaches whom. Then shuts every WAN concerned for a moment and
 * sees that the API server is gone with it, which proves that the WAN is the way: connections of the site's nodes
 * to the cloud end and are made again. Takes about five seconds. The WANs must be enabled and the nodes must run.
 *
 * @throws ExecError, CannotTellError `WAN_GONE`, `WAN_DOWN`, ToxiproxyApiError
 */
export async function probeReachability(docker: Docker, cluster: ClusterState, { nodes, signal }: ReachOptions): Promise<ReachResult[]> {
  const keptInBefore = await packetsKeptIn(docker, cluster, signal);
  const seen = await run(docker, cluster, reachPlan(cluster, nodes), signal);
  const keptIn = await packetsKeptIn(docker, cluster, signal);
  const open = demandKeptIn(seen, (node) => keptIn.get(node)! - keptInBefore.get(node)!);
  const sites = cluster.wans.filter(({ site }) => nodes === undefined || nodesOfSite(cluster, site).some((node) => nodes.includes(node.name)));
  // All to their end, also when one fails: whoever cleans up then must find every WAN enabled.
  const shut = await allDone(sites.map(async ({ site }) => {
    const edges = edgeNodes(cluster).filter((edge) => edge.site === site && (nodes === undefined || nodes.includes(edge.name)));
    return await withoutApiserver(docker, cluster, site, signal, async () =>
      await run(docker, cluster, edges.flatMap((edge) => wayProbes(cluster, edge, 'refused')), signal));
  }));
  return [...open, ...shut.flat()];
}

/**
 * Probes, and demands that all is as the topology says.
 *
 * @throws CannotTellError `ISOLATION_LEAK` naming each way that should not be; `ISOLATION_NO_WAY` when only ways
 * are missing that should be there
 */
export async function assertIsolated(docker: Docker, cluster: ClusterState, options: ReachOptions): Promise<ReachResult[]> {
  const results = await probeReachability(docker, cluster, options);
  demandIsolated(results);
  return results;
}

/** @throws as `assertIsolated` */
export function demandIsolated(results: readonly ReachResult[]): void {
  const wrong = results.filter((result) => !result.ok);
  if (wrong.length === 0) return;
  const leaks = wrong.filter(isLeak);
  const lines = wrong.map((result) => `  ${isLeak(result) ? 'LEAK' : 'not so'}: ${describeReach(result)}`);
  if (leaks.length > 0) {
    throw new CannotTellError('ISOLATION_LEAK', `edge and cloud are not kept apart:\n${lines.join('\n')}`, {
      next: 'look for rules of other software ahead of DOCKER-USER on the Docker host: iptables -S FORWARD; iptables -S DOCKER-USER',
    });
  }
  throw new CannotTellError('ISOLATION_NO_WAY', `nodes do not reach what they should:\n${lines.join('\n')}`, {
    next: 'look at the WAN containers (docker logs CLUSTER-wan-SITE) and at the rules on the Docker host: iptables -S FORWARD',
  });
}

/**
 * Nobody outside may answer either, or refuse: a packet that was to be kept in counts only if the host's own rules have met it.
 * Each dial has sent one at least; another node's packets, or a Pod's, do not stand for it.
 *
 * @param met packets of a node, by its name, that the rules have met while the dials were made
 */
export function demandKeptIn(results: readonly ReachResult[], met: (node: string) => number): ReachResult[] {
  const dials = Map.groupBy(results.filter(({ about }) => about === 'way-out'), ({ from }) => from);
  return results.map((result) => {
    const made = dials.get(result.from)?.length ?? 0;
    if (result.about !== 'way-out' || met(result.from) >= made) return result;
    return { ...result, ok: false, detail: `${result.detail}; the host's rules have met ${met(result.from)} packets of ${made} dials of ${result.from}` };
  });
}

const isLeak = (result: ReachResult): boolean =>
  (result.about === 'way-out' && result.seen !== 'failed') || // silence too: it may have gone where nobody answers
  (result.expected === 'nothing' && (result.seen === 'answers' || result.seen === 'refused')) || (result.expected === 'refused' && result.seen === 'answers');

/** For example `dev-worker2 → dev-control-plane (172.30.0.2) port 10250: expected nothing, saw refused (…)`. */
export function describeReach({ about, from, to, address, port, expected, seen, detail }: ReachResult): string {
  const place = port === 'ipv6' ? to : `${to} (${address}) ${typeof port === 'number' ? `port ${port}` : port}`;
  return `${from} → ${place}: expected ${expectation({ about, expected })}, saw ${seen}${detail === '' ? '' : ` (${detail})`}`;
}

const expectation = ({ about, expected }: Pick<ReachProbe, 'about' | 'expected'>): string => {
  if (about === 'way-out') return 'to be refused by the Docker host, so that it does not leave this machine';
  return expected === 'refused' ? 'refused, as its WAN is shut' : expected;
};

async function run(docker: Docker, cluster: ClusterState, probes: readonly ReachProbe[], signal: AbortSignal): Promise<ReachResult[]> {
  const byNode = Map.groupBy(probes, (probe) => probe.from);
  const results = await Promise.all([...byNode].map(async ([node, all]) => {
    const tcp = all.filter(({ port }) => typeof port === 'number');
    const others = all.filter(({ port }) => typeof port !== 'number');
    const [dialled, pinged] = await Promise.all([dialFrom(docker, node, tcp, slackMs(cluster, node), signal), pingFrom(docker, node, others, signal)]);
    return [...tcp, ...others].map((probe, index): ReachResult => {
      const { seen, detail } = [...dialled, ...pinged][index] ?? { seen: 'failed', detail: 'not probed' };
      return { ...probe, seen, detail, ok: isAsExpected(seen, probe.expected) };
    });
  }));
  return results.flat();
}

function isAsExpected(seen: Seen, expected: Expected): boolean {
  if (expected === 'reached') return seen === 'answers' || seen === 'refused';
  return seen === expected;
}

/** What the node's link adds to a TLS handshake and a request: three round trips, with room. */
function slackMs(cluster: ClusterState, node: string): number {
  const site = cluster.nodes.find(({ name }) => name === node)?.site;
  const wan = cluster.topology.sites.find(({ name }) => name === site)?.wan;
  return wan === undefined ? 0 : 10 * (wan.latencyMs + wan.jitterMs);
}

/** The WAN is enabled again whatever happens meanwhile, also when the run is aborted. */
async function withoutApiserver<T>(docker: Docker, cluster: ClusterState, site: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const wan = await connectWan(docker, cluster.name, site);
  signal.throwIfAborted();
  if (!(await wan.isEnabled(apiserver.name))) {
    // Enabling it again at the end would heal a fault behind the back of whoever did it.
    throw new CannotTellError('WAN_DOWN', `the WAN of site ${site} is down already, so it cannot be proven to be the way`, { next: 'heal the fault first: edgeproof fault heal' });
  }
  try {
    await wan.setEnabled(apiserver.name, false);
    return await work();
  } finally {
    await wan.setEnabled(apiserver.name, true);
  }
}
