import { readdir, readFile } from 'node:fs/promises';
import { exec } from '../../core/exec.ts';
import { home } from '../../core/paths.ts';
import { findOrphans } from '../../core/process.ts';

/** What edgeproof may leave on a machine, besides what its engine has: each a word that names it. */
export interface Leftovers {
  readonly processes: readonly string[];
  /** Chains of iptables, of either flavour. */
  readonly chains: readonly string[];
  readonly mounts: readonly string[];
  /** Network devices of Docker's bridges and containers. */
  readonly links: readonly string[];
  /** Below edgeproof's home: records of clusters, and folders of work that was under way. */
  readonly folders: readonly string[];
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
const list = async (folder: string): Promise<string[]> => await readdir(folder).catch(() => []);
const said = async (argv: readonly [string, ...string[]]): Promise<string> => (await exec(argv, { accept: 'any', timeoutMs: 30_000 }).catch(() => ({ stdout: '' }))).stdout;

/** Looks at the machine. Of processes and mounts only those count that are edgeproof's by their environment or place. */
export async function lookForLeftovers(): Promise<Leftovers> {
  const [processes, rules, mounts, links, clusters, works, binWorks] = await Promise.all([
    orphaned(),
    Promise.all(['iptables-nft-save', 'iptables-legacy-save'].map(async (program) => await said([program]))),
    readFile('/proc/self/mounts', 'utf8'),
    list('/sys/class/net'),
    list(`${home}/clusters`), list(home), list(`${home}/bin`),
  ]);
  return {
    processes,
    chains: lines(rules.join('\n')).flatMap((line) => /^:(EDGEPROOF-\S+)/.exec(line)?.[1] ?? []).sort(),
    mounts: lines(mounts).map((line) => line.split(' ')[1] ?? '').filter((path) => path.startsWith(`${home}/`) || path.startsWith('/run/edgeproof')).sort(),
    links: links.filter((name) => /^(br-|veth)/.test(name)).sort(),
    folders: [...clusters.map((name) => `clusters/${name}`), ...[...works, ...binWorks].filter((name) => name.startsWith('work-'))].sort(),
  };
}

/** Those whose edgeproof is gone: others that work on this machine just now (unit tests) have theirs. */
async function orphaned(): Promise<string[]> {
  return (await Promise.all((await findOrphans()).map(async ({ pid }) => (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ').trim().slice(0, 80)))).sort();
}

/** What is there now and was not before, each with its kind. */
export const added = (before: Leftovers, now: Leftovers): string[] =>
  (Object.keys(now) as (keyof Leftovers)[]).flatMap((kind) => now[kind].filter((one) => !before[kind].includes(one)).map((one) => `${kind}: ${one}`));
