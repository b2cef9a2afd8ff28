import { loadImplementation } from '../../implementations/load.ts';
import { assertNameFree, bootCluster } from '../../harness/cluster/up.ts';
import { demandRoom } from '../../harness/cluster/room.ts';
import { clusterDir } from '../../harness/cluster/store.ts';
import { whileEngineRuns } from '../../harness/engine/while-engine-runs.ts';
import { exitCodes } from '../../core/errors.ts';
import { home } from '../../core/paths.ts';
import { join } from 'node:path';
import type { Io } from '../io.ts';
import type { UpOptions } from '../options.ts';
import { useEngine, useImages } from './prepare.ts';

/** `edgeproof up` */
export async function up(options: UpOptions, io: Io): Promise<number> {
  const { name, topology, topologyArgument } = options;
  await using engine = await useEngine(io);
  // Said before the images are built, which may take half an hour.
  await assertNameFree(engine.docker, name);
  await demandRoom(engine.docker, topology, io.signal);
  const implementation = await loadImplementation(options.implementation);
  const images = await useImages(engine.docker, options.images, implementation, io);
  const logsDir = join(home, 'boot-logs', name);
  const boot = { name, topology, topologyArgument, implementation, docker: engine.docker, images, progress: io.progress, logsDir };
  const cluster = await whileEngineRuns(engine.docker.engine, io.signal, async (signal) => await bootCluster({ ...boot, signal }));
  io.stdout.write([
    `Cluster ${name} runs: ${cluster.nodes.length} nodes, implementation ${implementation.name}.`,
    '',
    `  export KUBECONFIG=${join(clusterDir(name), 'kubeconfig')}`,
    ...(engine.docker.engine.private ? [`  export DOCKER_HOST=${engine.docker.engine.host}`] : []),
    '',
    `  edgeproof status ${name}`,
    `  edgeproof down ${name}`,
    '',
  ].join('\n'));
  return exitCodes.pass;
}
