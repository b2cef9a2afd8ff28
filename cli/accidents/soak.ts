import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, UsageError } from '../../core/errors.ts';
import { repositoryRoot } from '../../core/paths.ts';
import { ownedLabel } from '../../harness/cluster/labels.ts';
import { listClusters } from '../../harness/cluster/store.ts';
import { Docker } from '../../harness/docker/docker.ts';
import type { Io } from '../io.ts';
import { useEngine } from '../run/prepare.ts';
import { added, lookForLeftovers } from './leftovers.ts';
import { randomBy } from './random.ts';

export interface AccidentsOptions {
  readonly times: number;
  readonly seed: number;
}

/** What is interrupted, and for how long it runs by itself on two cores, in milliseconds: the moment is anywhere in that. */
const victims = [
  { name: 'boot', args: ['up', 'one-edge', '--name', 'accident'], ms: 75_000 },
  { name: 'run', args: ['conformance', '--topology', 'one-edge', '--name', 'accident', '--tags', '@lifecycle or @autonomy-container-restart'], ms: 130_000 },
] as const;
const whole = ['conformance', '--topology', 'one-edge', '--tags', '@lifecycle-placement-taint'];
/** An interrupted edgeproof cleans up within that. */
const endsWithinMs = 180_000;
const program = join(repositoryRoot, 'cli', 'main.ts');

/**
 * Ends edgeproof at random moments of boot, run and teardown, by SIGINT and by SIGKILL in turns; then `down --all` must leave nothing of it on the machine, and in the end a
 * whole run must work.
 *
 * @returns 0, or 1 when something was left or did not end
 * @throws UsageError when there are clusters: `down --all` would remove them
 */
export async function runAccidents({ times, seed }: AccidentsOptions, io: Io): Promise<number> {
  const clusters = await listClusters();
  if (clusters.length > 0) throw new UsageError(`there are clusters, which this would remove: ${clusters.join(', ')}`, { next: 'remove them first: edgeproof down --all' });
  const random = randomBy(seed);
  await edgeproof(['down', '--all'], undefined, io);
  const before = await lookForLeftovers();
  let bad = 0;
  for (let time = 1; time <= times; time++) {
    const victim = victims[Math.floor(random() * victims.length)]!;
    const signal = time % 2 === 0 ? 'SIGKILL' : 'SIGINT';
    const afterMs = Math.floor(random() * victim.ms);
    const { code, tookMs } = await edgeproof(victim.args, { signal, afterMs }, io);
    const cleaned = await edgeproof(['down', '--all'], undefined, io);
    const left = added(before, await lookForLeftovers());
    const problems = [...(cleaned.code === 0 ? [] : [`down --all ended with ${cleaned.code}`]), ...(tookMs > endsWithinMs ? [`it took ${Math.round(tookMs / 1000)} s to end`] : []), ...left];
    bad += problems.length > 0 ? 1 : 0;
    const what = `${signal} ${(afterMs / 1000).toFixed(1)} s into ${victim.name}: exit ${code}, ended ${(tookMs / 1000).toFixed(1)} s later; down --all ${(cleaned.ranMs / 1000).toFixed(1)} s`;
    io.stdout.write(`[${time}/${times}] ${problems.length === 0 ? '✓' : '✗'} ${what}${problems.map((problem) => `\n        left: ${problem}`).join('')}\n`);
    if (io.signal.aborted) break;
  }
  bad += await leftInEngine(io);
  const next = await edgeproof(whole, undefined, io);
  io.stdout.write(`A whole run afterwards: exit ${next.code}\n${bad === 0 && next.code === 0 ? 'Nothing was left.' : `${bad} accidents left something.`} Seed ${seed}.\n`);
  return bad === 0 && next.code === 0 ? exitCodes.pass : exitCodes.fail;
}

/** Containers, networks and volumes stay with an engine that is stopped: it is started to be asked. @returns how many kinds there are of */
async function leftInEngine(io: Io): Promise<number> {
  await using engine = await useEngine(io);
  const docker: Docker = engine.docker;
  const kinds = { containers: ['ps', '--all', '--format', '{{.Names}}'], networks: ['network', 'ls', '--filter', `label=${ownedLabel}`, '--format', '{{.Name}}'], volumes: ['volume', 'ls', '--format', '{{.Name}}'] };
  let bad = 0;
  for (const [kind, args] of Object.entries(kinds)) {
    // A user's own engine has things of its own.
    if (!docker.engine.private && kind !== 'networks') continue;
    const names = (await docker.run(args)).stdout.trim();
    if (names === '') continue;
    bad += 1;
    io.stdout.write(`left in the engine: ${kind} ${names.replaceAll('\n', ', ')}\n`);
  }
  return bad;
}

interface Ended {
  /** 128 and the signal's number when it was killed. */
  readonly code: number;
  readonly ranMs: number;
  /** From the signal to its end. */
  readonly tookMs: number;
}

async function edgeproof(args: readonly string[], end: { readonly signal: NodeJS.Signals; readonly afterMs: number } | undefined, io: Io): Promise<Ended> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [program, ...args], { cwd: io.cwd, stdio: 'ignore', detached: true });
  const over = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  let signalledAt = startedAt;
  if (end !== undefined) {
    const ended = new AbortController();
    void over.then(() => ended.abort());
    await sleep(end.afterMs, undefined, { signal: ended.signal }).catch(() => {});
    signalledAt = performance.now();
    if (child.exitCode === null && child.signalCode === null) child.kill(end.signal);
  }
  const [code, by] = await over;
  return { code: code ?? (by === 'SIGKILL' ? 137 : 130), ranMs: performance.now() - startedAt, tookMs: performance.now() - signalledAt };
}
