import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Progress } from '../../core/progress.ts';
import { cloudNodes, edgeNodes, type ClusterState } from '../../harness/cluster/state.ts';
import { KubeClient } from '../../harness/kube/client.ts';
import { lookAround, lookMs, type Busy } from '../machine.ts';
import { kneeOf, type Knee } from './run.ts';
import { attack } from './vegeta.ts';

export interface ClusterBenchOptions {
  readonly cluster: ClusterState;
  /** Of one step. */
  readonly seconds: number;
  /** The highest rate that is tried, in requests a second. */
  readonly most: number;
  /** Folder of vegeta's program. */
  readonly load: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Reads of kubelets through the API server of a cluster (`nodes/proxy`), at rates that are held: of a node in the cloud, and of one at
 * the edge, which the API server reaches through the tunnel and the WAN. What both have in common is the API server.
 */
export async function runClusterBench({ cluster, seconds, most, load, progress, signal }: ClusterBenchOptions): Promise<{ knees: Knee[]; busy: Busy }> {
  const folder = await mkdtemp(join(tmpdir(), 'edgeproof-bench-'));
  try {
    using kube = await KubeClient.fromKubeconfig(cluster.kubeconfig);
    const { ca, cert, key } = kube.pem;
    const file = async (name: string, content: string): Promise<string> => {
      await writeFile(join(folder, name), content, { mode: 0o600 });
      return join(folder, name);
    };
    const tls = { roots: [await file('ca.crt', ca)], cert: await file('client.crt', cert), key: await file('client.key', key) };
    const busy = await lookAround(lookMs, signal);
    const knees: Knee[] = [];
    for (const keepAlive of [true, false]) for (const [where, node] of [['cloud', cloudNodes(cluster).at(-1)], ['edge', edgeNodes(cluster)[0]]] as const) {
      if (node === undefined) continue;
      const url = new URL(`/api/v1/nodes/${node.name}/proxy/pods`, kube.server).href;
      knees.push(await kneeOf(progress, `API server → ${where} node`, keepAlive, most, async (rate) => await attack({ programs: load, folder, tls, url, keepAlive, seconds, signal }, rate)));
    }
    return { knees, busy };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
