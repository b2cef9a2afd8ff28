import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { hubGoals, hubParts, hubRatiosOf, type HubPart, type HubResult } from '../../bench/hub/result.ts';
import { runHubBench, type HubBenchOptions } from '../../bench/hub/run.ts';
import { hubTable } from '../../bench/hub/table.ts';
import { saveHubResult } from '../../bench/store.ts';
import { exitCodes, UsageError } from '../../core/errors.ts';
import { home } from '../../core/paths.ts';
import { removeCluster } from '../../harness/cluster/down.ts';
import { edgeNodes, partOf, type ClusterState, type NodeState } from '../../harness/cluster/state.ts';
import { implementationFolder, loadCluster } from '../../harness/cluster/store.ts';
import { bootCluster } from '../../harness/cluster/up.ts';
import type { Docker } from '../../harness/docker/docker.ts';
import { ensureImages } from '../../harness/images/image-set.ts';
import type { InstallContext } from '../../harness/implementation.ts';
import { KubeClient } from '../../harness/kube/client.ts';
import { Kubectl } from '../../harness/kube/kubectl.ts';
import { versions } from '../../images/versions.ts';
import { implementation } from '../../implementations/reference/implementation.ts';
import { installEdges, makePlain } from '../../implementations/reference/edges.ts';
import { hubPlace } from '../../implementations/reference/hub/place.ts';
import { topologySchema, type Topology } from '../../topologies/schema.ts';
import { chooseCluster } from '../clusters.ts';
import type { Io } from '../io.ts';
import { edgeproofFacts, hostFacts } from './host-facts.ts';
import { takeTurn } from './turn.ts';
import { useEngine, useImages } from './prepare.ts';

export interface BenchHubArguments extends Pick<HubBenchOptions, 'rounds' | 'settleSeconds' | 'seconds' | 'reads' | 'changes'> {
  /** All when none is named. */
  readonly only: readonly HubPart[];
  readonly quick: boolean;
  /** Instead of one that is booted for it. */
  readonly cluster?: string;
}

/** What the goals are for. */
const scale = { pods: 20, services: 1000, restartPods: 10, cached: { pods: 1000, slices: 5000 } } as const;

/** Two nodes that differ in nothing but the hub. Without latency: a plain node gains most by that, for it has to ask when it starts. */
const twoEqualSites: Topology = topologySchema.parse({
  name: 'two-equal-sites',
  description: 'Two sites of one node each, with the same WAN.',
  cloud: { workers: 1 },
  sites: [{ name: 'with-hub', nodes: [{}] }, { name: 'plain', nodes: [{}] }],
});

/**
 * Measures the hub on a real cluster and writes down what it found.
 *
 * @throws UsageError for a cluster that has no two sites with hubs
 */
export async function benchHub({ only, quick, cluster: named, ...options }: BenchHubArguments, io: Io): Promise<number> {
  const startedAt = new Date().toISOString();
  const parts = hubParts.filter((part) => only.length === 0 || only.includes(part));
  const { progress, signal } = io;
  const bench: HubBenchOptions = { ...options, ...scale, parts, flags: hubPlace.flags, progress, signal };
  const found = parts.every((part) => part === 'load') ? { topology: {}, ...(await runHubBench(undefined, bench)) } : await onCluster(bench, named, io);
  const result: HubResult = {
    startedAt,
    whole: only.length === 0 && !quick && named === undefined && found.failed.length === 0,
    host: hostFacts(),
    versions: { edgeproof: (await edgeproofFacts()).commit ?? '', kubernetes: versions.kubernetes, node: process.version },
    ratios: hubRatiosOf(found),
    goals: hubGoals,
    ...found,
  };
  const path = await saveHubResult(result);
  io.stdout.write(`\n${hubTable(result)}\nResult: ${path}\n`);
  for (const { part, why } of found.failed) io.stderr.write(`edgeproof: ${part} could not be measured: ${why}\n`);
  return found.failed.length === 0 ? exitCodes.pass : exitCodes.cannotTell;
}

type Found = Awaited<ReturnType<typeof runHubBench>> & Pick<HubResult, 'topology'>;

async function onCluster(bench: HubBenchOptions, named: string | undefined, io: Io): Promise<Found> {
  const state = named === undefined ? undefined : await loadCluster(await chooseCluster(named));
  if (state !== undefined) pairOf(state);
  await using stack = new AsyncDisposableStack();
  stack.use(await takeTurn(io));
  const { docker } = stack.use(await useEngine(io));
  const images = state === undefined ? await useImages(docker, 'auto', implementation, io) : await ensureImages(docker, 'auto', io.progress, io.signal);
  const cluster = state ?? (await bootCluster({ name: `bench-${randomBytes(2).toString('hex')}`, topology: twoEqualSites, implementation, docker, images, progress: io.progress, signal: io.signal, logsDir: join(home, 'boot-logs', 'bench') }));
  if (state === undefined) stack.defer(async () => await io.progress.step('Tearing down', async () => await removeCluster(docker, cluster.name)));
  const kube = stack.use(await KubeClient.fromKubeconfig(cluster.kubeconfig));
  const { hub, plain } = pairOf(cluster);
  if (state !== undefined) stack.defer(async () => await giveHubAgain({ docker, cluster, kube, kubectl: images.tools.kubectl, node: plain }, io));
  await io.progress.step(`${plain.name} made a plain node`, async (step) => await makePlain({ ...contextOf({ docker, cluster, kube, kubectl: images.tools.kubectl }), step, signal: io.signal }, plain));
  const namespace = `bench-hub-${randomBytes(2).toString('hex')}`;
  return { topology: cluster.topology, ...(await runHubBench({ docker, cluster, kube, place: hubPlace, hub, plain, namespace, signal: io.signal }, bench)) };
}

/** The first node of each of the first two sites. @throws UsageError */
function pairOf(cluster: ClusterState): { hub: NodeState; plain: NodeState } {
  const next = 'leave --cluster out, or boot one: edgeproof up two-sites';
  if (cluster.implementation !== implementation.name) throw new UsageError(`cluster ${cluster.name} has no hubs: its implementation is ${cluster.implementation}`, { next });
  const edges = edgeNodes(cluster);
  const [hub] = edges;
  const plain = edges.find(({ site }) => site !== hub?.site);
  if (hub === undefined || plain === undefined) throw new UsageError(`cluster ${cluster.name} has edge nodes in one site only`, { next });
  return { hub, plain };
}

interface Made {
  readonly docker: Docker;
  readonly cluster: ClusterState;
  readonly kube: KubeClient;
  /** Path of a kubectl. */
  readonly kubectl: string;
}

const contextOf = ({ docker, cluster, kube, kubectl }: Made): Omit<InstallContext, 'step' | 'signal'> => ({ docker, cluster, kube, kubectl: new Kubectl(kubectl, cluster.kubeconfig), folder: implementationFolder(cluster.name) });

/** Clean-up: it has a deadline of its own and hears no abort. */
const giveAgainTimeoutMs = 5 * 60_000;

async function giveHubAgain({ node, ...made }: Made & { readonly node: NodeState }, io: Io): Promise<void> {
  await io.progress.step(`A hub for ${node.name} again`, async (step) => {
    const cluster = { ...partOf(made.cluster, node.site ?? ''), nodes: made.cluster.nodes.filter((one) => one.tier === 'cloud' || one.name === node.name) };
    await installEdges({ ...contextOf({ ...made, cluster }), step, signal: AbortSignal.timeout(giveAgainTimeoutMs) });
  });
}
