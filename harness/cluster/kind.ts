import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { allDone } from '../../core/all-done.ts';
import { CannotTellError } from '../../core/errors.ts';
import { exec } from '../../core/exec.ts';
import type { Topology } from '../../topologies/schema.ts';
import type { Docker } from '../docker/docker.ts';
import type { ImageSet } from '../images/image-set.ts';
import { writeKubeadmPatches } from './kubeadm-patches.ts';
import { kindConfig, type KindPatches } from './kind-config.ts';

export interface KindOptions {
  readonly name: string;
  readonly topology: Topology;
  readonly docker: Docker;
  readonly images: ImageSet;
  /** The cluster's Docker network. */
  readonly network: string;
  readonly kubeconfig: string;
  /** Where kind's configuration is written; beside it, what else the nodes are given. */
  readonly configFile: string;
  readonly patches?: KindPatches;
  /** Told what kind says that it does. */
  readonly detail: (text: string) => void;
  readonly logsDir?: string;
  readonly signal: AbortSignal;
}

/**
 * A cluster that kind is making. What needs only part of it need not wait for the whole: the joins of the nodes are the longest part.
 * Each promise is rejected when kind fails before it has come so far, and all are when it fails: await every one of them.
 */
export interface KindAtWork {
  /** The containers of all nodes run, and have their addresses. */
  readonly nodesRun: Promise<void>;
  /** The API server answers, and the kubeconfig is there. kubeadm's own add-ons are applied; nodes are still joining. */
  readonly apiAnswers: Promise<void>;
  /** @throws CannotTellError `BOOT_FAILED` */
  readonly done: Promise<void>;
}

/** kubeadm init and every join on a slow, cold machine; 30 s is usual. */
const kindTimeoutMs = 8 * 60_000;
const exportTimeoutMs = 30_000;

/** What kind says when a part is over (pkg/internal/cli/status.go of kind: a tick, then the part's name, and pictures). */
const milestones = { nodesRun: 'Preparing nodes', apiAnswers: 'Starting control-plane' } as const;

/** Which milestone a line of kind's tells of. */
export function milestoneOf(line: string): keyof typeof milestones | undefined {
  if (!line.trim().startsWith('✓')) return undefined;
  return (Object.keys(milestones) as (keyof typeof milestones)[]).find((name) => line.includes(milestones[name]));
}

/** @internal Has kind make a cluster. */
export function startKind(options: KindOptions): KindAtWork {
  const nodesRun = Promise.withResolvers<void>();
  const apiServerRuns = Promise.withResolvers<void>();
  const reached = { nodesRun, apiAnswers: apiServerRuns };
  const done = create(options, (line) => {
    const milestone = milestoneOf(line);
    if (milestone !== undefined) reached[milestone].resolve();
  });
  // A kind that words it otherwise makes a boot slower, and no worse.
  done.then(() => Object.values(reached).forEach(({ resolve }) => resolve()), (error: unknown) => Object.values(reached).forEach(({ reject }) => reject(error)));
  return { nodesRun: nodesRun.promise, apiAnswers: apiServerRuns.promise.then(async () => await exportKubeconfig(options)), done };
}

/**
 * Has kind make a cluster, and does beside it what its nodes, or its API server, suffice for. Whatever fails ends the rest: a join whose WAN did not start would hang for minutes.
 *
 * @returns what was made of the nodes
 * @throws what failed first in the order of the arguments, or kind's `BOOT_FAILED`
 */
export async function makeWithKind<T>(options: KindOptions, ofNodes: () => Promise<T>, ofApi: () => Promise<void>): Promise<T> {
  const failed = new AbortController();
  const kind = startKind({ ...options, signal: AbortSignal.any([options.signal, failed.signal]) });
  const orEnd = async <R>(work: Promise<R>): Promise<R> => await work.catch((error: unknown) => {
    failed.abort(error);
    throw error;
  });
  const [made] = await allDone([orEnd(kind.nodesRun.then(ofNodes)), orEnd(kind.apiAnswers.then(ofApi)), kind.done] as const);
  return made;
}

async function create(options: KindOptions, onLine: (line: string) => void): Promise<void> {
  const { name, topology, docker, images, kubeconfig, configFile, patches, detail, signal, logsDir } = options;
  const kubeadmPatches = await writeKubeadmPatches(join(dirname(configFile), 'kubeadm-patches'));
  const config = kindConfig(topology, { images: { cloud: images.cloud, edge: images.edge }, kubeadmPatches, ...(patches && { patches }) });
  await writeFile(configFile, config, { mode: 0o600 });
  const argv = ['create', 'cluster', '--name', name, '--config', configFile, '--kubeconfig', kubeconfig, '--retain'] as const;
  await exec([images.tools.kind, ...argv], {
    env: envOf(docker, options.network),
    timeoutMs: kindTimeoutMs,
    signal,
    // The engine goes on creating a node whose client was killed; it would come after the clean-up.
    onAbort: 'drain',
    onLine: (line) => {
      onLine(line);
      // kind warns about the network's variable on every start; it is how kind is told.
      if (line.trim() !== '' && !line.startsWith('WARNING')) detail(line.trim());
    },
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new CannotTellError('BOOT_FAILED', `kind could not create cluster ${name}`, { cause: error, next: `${logsDir === undefined ? '' : `read the nodes' logs in ${logsDir}, or `}see what edgeproof doctor says` });
  });
}

/** kind writes the same once more at its end. */
async function exportKubeconfig({ name, docker, images, network, kubeconfig, signal }: KindOptions): Promise<void> {
  await exec([images.tools.kind, 'export', 'kubeconfig', '--name', name, '--kubeconfig', kubeconfig], { env: envOf(docker, network), timeoutMs: exportTimeoutMs, signal });
}

const envOf = ({ env }: Docker, network: string): Record<string, string | undefined> => ({ ...env, KIND_EXPERIMENTAL_DOCKER_NETWORK: network, KIND_EXPERIMENTAL_PROVIDER: 'docker', NO_COLOR: '1' });
