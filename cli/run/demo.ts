import { randomBytes } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { UsageError } from '../../core/errors.ts';
import { listClusters } from '../../harness/cluster/store.ts';
import { loadTopology } from '../../topologies/load.ts';
import type { Io } from '../io.ts';
import { defaultImplementation, defaultTopology, type DemoOptions } from '../options.ts';
import { gradableCluster } from './gradable-cluster.ts';
import { gradedRun } from './graded-run.ts';

/** The promise that is shown. */
const tags = '@identity-flagship';

/** `edgeproof demo`: a graded run of one scenario, told as it goes. */
export async function runDemo({ cluster: named, record, keep, images }: DemoOptions, io: Io): Promise<number> {
  // Before anything is booted for it. What is in it stays until there is something to record.
  if (record !== undefined) await appendFile(record, '').catch((cause: unknown) => {
    throw new UsageError(`--record: ${(cause as Error).message}`, { cause, next: 'name a file in a folder that is there' });
  });
  const cluster = named === undefined ? undefined : await gradableCluster(named, io.signal);
  const topology = cluster?.topology ?? await loadTopology(defaultTopology, io.cwd);
  return await gradedRun({
    mode: 'conformance',
    topology,
    topologyArgument: topology.name,
    implementation: cluster?.implementation ?? defaultImplementation,
    tags,
    selection: tags,
    keep,
    images,
    repeat: 1,
    failFast: false,
    ...(cluster === undefined ? { name: await freeName() } : { cluster }),
    told: record === undefined ? {} : { record },
    reproduce: 'npm run demo',
  }, io);
}

/** The names of nodes are seen all the time: they are short, unless a demo was kept. */
const freeName = async (): Promise<string> => ((await listClusters()).includes('demo') ? `demo-${randomBytes(2).toString('hex')}` : 'demo');
