import { access, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join, relative } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { silentProgress } from '../core/progress.ts';
import type { NodeMount } from '../harness/cluster/kind-config.ts';
import type { Implementation, ImplementationImage } from '../harness/implementation.ts';
import type { Topology } from '../topologies/schema.ts';

const dnsName = z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'is not a name that Kubernetes takes');
const port = z.int().min(1).max(65_535);
const nodePath = z.string().refine((path) => isAbsolute(path) && !path.split('/').includes('..'), 'is not an absolute path without ".."');

/** What can be said of an implementation without a cluster. */
const partsSchema = z.looseObject({
  description: z.string().regex(/^[^\n]{1,120}$/, 'is not one line of at most 120 characters'),
  claims: z.array(z.string()).refine((claims) => new Set(claims).size === claims.length, 'names a capability twice'),
  tunnel: z.object({
    namespace: dnsName, server: dnsName, agent: dnsName,
    streams: z.object({ metric: z.string().min(1), timers: z.string().min(1).optional(), serverPort: port, agentPort: port }).optional(),
  }).optional(),
  autonomy: z.object({
    units: z.array(z.string().regex(/^[A-Za-z0-9:_.@-]+\.service$/, 'is not the name of a service of systemd, with its suffix')),
    nodeLabel: z.object({ key: z.string().min(1), value: z.string() }).optional(),
  }).optional(),
  identity: z.object({ stateFiles: z.array(nodePath).min(1) }).optional(),
}).check((context) => {
  const { claims, tunnel, autonomy } = context.value;
  for (const [capability, parts] of [['tunnel', tunnel], ['autonomy', autonomy]] as const) {
    if (claims.includes(capability) && parts === undefined) context.issues.push({ code: 'custom', input: parts, path: [capability], message: `is claimed and not said where it is: features that break it could not tell` });
  }
});

/**
 * Whether an implementation keeps to what docs/implementations.md asks of it, as far as that shows without a cluster: `prepare` is run for each topology, and
 * `images` is asked.
 *
 * @returns sentences on what it does not keep to; none: it does
 */
export async function contractProblems(implementation: Implementation, topologies: readonly Topology[], signal: AbortSignal): Promise<string[]> {
  const parts = partsSchema.safeParse(implementation);
  const problems = parts.success ? [] : parts.error.issues.map(({ path, message }) => `${path.join('.') || 'it'} ${message}`);
  const inOrder = async (what: string, work: () => Promise<string[]>): Promise<void> => {
    try {
      problems.push(...(await work()));
    } catch (error) {
      signal.throwIfAborted();
      problems.push(`${what} failed: ${(error as Error).message}`);
    }
  };
  await inOrder('images', async () => await imageProblems(implementation, signal));
  for (const topology of topologies) await inOrder(`prepare for ${topology.name}`, async () => await prepareProblems(implementation, topology, signal));
  return problems;
}

async function imageProblems(implementation: Implementation, signal: AbortSignal): Promise<string[]> {
  const ask = async (): Promise<readonly ImplementationImage[]> => (await implementation.images?.({ progress: silentProgress, signal })) ?? [];
  const [images, again] = [await ask(), await ask()];
  const problems: string[] = [];
  if (JSON.stringify(images) !== JSON.stringify(again)) problems.push('images answers otherwise when it is asked again: node images would be made anew each time');
  for (const { tags, tiers, files = {} } of images) {
    const name = tags[0] ?? 'an image without a tag';
    if (tags.length === 0 || tags.some((tag) => !/^[^:]+(:\d+\/[^:]+)?:[^:]+$/.test(tag) || tag.endsWith(':latest'))) problems.push(`${name}: its tags must each name a version that is not "latest", which kubelets would pull`);
    if (tiers.length === 0) problems.push(`${name}: no node has it`);
    for (const [path, source] of Object.entries(files)) {
      if (!isAbsolute(path)) problems.push(`${name}: ${path} is not an absolute path`);
      if (!(await access(source).then(() => true, () => false))) problems.push(`${name}: ${source} is not there`);
    }
  }
  return problems;
}

async function prepareProblems(implementation: Implementation, topology: Topology, signal: AbortSignal): Promise<string[]> {
  if (implementation.prepare === undefined) return [];
  const folder = await mkdtemp(join(tmpdir(), 'edgeproof-contract-'));
  try {
    const patches = await silentProgress.step('preparing', async (step) => await implementation.prepare?.({ cluster: 'contract', topology, folder, step, signal })) ?? {};
    const tiers = Object.values(patches.workers ?? {});
    const texts = [...(patches.kubeadm ?? []), ...tiers.flatMap(({ kubeadm = [] }) => kubeadm)];
    const mounts = [...(patches.controlPlaneMounts ?? []), ...tiers.flatMap(({ mounts: own = [] }) => own)];
    return [...texts.flatMap(patchProblems), ...(await Promise.all(mounts.map(async (mount) => await mountProblems(mount, folder)))).flat(), ...(await openFiles(folder))].map((problem) => `prepare for ${topology.name}: ${problem}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const patchProblems = (text: string): string[] => {
  const kind = (parse(text) as { kind?: unknown } | null)?.kind;
  return typeof kind === 'string' ? [] : [`a patch of kubeadm names no kind, so kind would apply it to everything: ${text.slice(0, 60)}`];
};

async function mountProblems({ hostPath, containerPath }: NodeMount, folder: string): Promise<string[]> {
  const within = relative(folder, hostPath);
  return [
    ...(within.startsWith('..') || isAbsolute(within) ? [`it mounts ${hostPath}, which is not in its folder`] : []),
    ...(await access(hostPath).then(() => [], () => [`it mounts ${hostPath}, which is not there: Docker would make a folder of it`])),
    ...(isAbsolute(containerPath) ? [] : [`${containerPath} is no absolute path`]),
  ];
}

/** Keys may be among them. */
async function openFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const modes = await Promise.all(names.map(async (name) => ({ name, stat: await stat(join(folder, name)) })));
  return modes.filter(({ name, stat: { mode } }) => /key|\.pem$/.test(name) && (mode & 0o077) !== 0).map(({ name, stat: { mode } }) => `${name} has the mode ${(mode & 0o777).toString(8)}: others than its owner may read it`);
}
