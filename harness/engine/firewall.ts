import { readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '../../core/exec.ts';
import { processFacts } from '../../core/process.ts';

/**
 * dockerd leaves its chains, and a FORWARD policy of DROP, in the host's firewall when it ends. What was there
 * before our engine started is written down, so that its end can put it back. It lies below /run: as the firewall
 * itself, it does not outlive a reboot.
 */
const memory = (folder: string): string => join(folder, 'firewall.json');

interface Before {
  readonly forwardPolicy: string;
  readonly ipForward: string;
  /** Another Docker's chains were there already: then they are not ours to remove. */
  readonly dockerChains: boolean;
}

const tables = ['filter', 'nat', 'raw'] as const;

/** The rules of a table as `iptables --list-rules` prints them. A kernel may lack the table "raw". */
const rulesOf = async (table: (typeof tables)[number]): Promise<string[]> =>
  (await exec(['iptables', '--wait', '--table', table, '--list-rules'], { accept: table === 'raw' ? 'any' : [0] })).stdout.split('\n').filter((line) => line !== '');

/** Writes down the state before the first start, in an existing folder. A memory that is there already is older, and so truer. */
export async function rememberFirewall(folder: string): Promise<void> {
  const rules = await rulesOf('filter');
  const before: Before = {
    forwardPolicy: rules.find((rule) => rule.startsWith('-P FORWARD'))?.split(' ')[2] ?? 'ACCEPT',
    ipForward: (await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8')).trim(),
    dockerChains: rules.some((rule) => rule.startsWith('-N DOCKER')),
  };
  await writeFile(memory(folder), JSON.stringify(before), { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** Removes Docker's chains and restores the FORWARD policy, if our engine, which has ended, brought them. Idempotent. */
export async function cleanFirewall(folder: string): Promise<void> {
  const text = await readFile(memory(folder), 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const before = JSON.parse(text) as Before;
  // A user's Docker that was started in the meantime shares the chains, and needs the rest.
  if (!before.dockerChains && !(await dockerdRuns())) {
    for (const table of tables) {
      for (const args of removalOf(await rulesOf(table))) await exec(['iptables', '--wait', '--table', table, ...args]);
    }
    await exec(['iptables', '--wait', '--policy', 'FORWARD', before.forwardPolicy]);
    await writeFile('/proc/sys/net/ipv4/ip_forward', before.ipForward);
  }
  await rm(memory(folder), { force: true });
}

/** Whether any dockerd runs in this process's network namespace. */
async function dockerdRuns(): Promise<boolean> {
  const ours = await readlink('/proc/self/ns/net');
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const facts = processFacts(Number(pid));
    if (facts?.name === 'dockerd' && facts.state !== 'Z' && (await readlink(`/proc/${pid}/ns/net`).catch(() => '')) === ours) return true;
  }
  return false;
}

/**
 * What makes iptables forget dockerd, in order: its chains are emptied, then the rules that jump to them or name its
 * bridges (gone by now) are deleted, then the chains.
 *
 * @param rules of one table, as `iptables --list-rules` prints them
 * @returns arguments of iptables, one vector for each call
 */
export function removalOf(rules: readonly string[]): string[][] {
  const chains = rules.filter((rule) => rule.startsWith('-N DOCKER')).map((rule) => rule.slice('-N '.length));
  const deletions = rules.flatMap((rule) => {
    const [verb, chain = '', ...match] = rule.split(' ');
    const target = match[match.indexOf('-j') + 1] ?? '';
    const docker = chains.includes(target) || /\s(-o|-i) (docker0|br-[0-9a-f]{12})\b/.test(rule);
    return verb === '-A' && !chains.includes(chain) && docker ? [['--delete', chain, ...match]] : [];
  });
  return [...chains.map((chain) => ['--flush', chain]), ...deletions, ...chains.map((chain) => ['--delete-chain', chain])];
}
