import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '../../core/exec.ts';
import { engineDir } from '../../core/paths.ts';

/**
 * dockerd leaves its chains, and a FORWARD policy of DROP, in the host's firewall when it ends. What was there
 * before our engine started is written down, so that its end can put it back.
 */
const memory = join(engineDir, 'firewall.json');

interface Before {
  readonly forwardPolicy: string;
  readonly ipForward: string;
  /** Another Docker's chains were there already: then they are not ours to remove. */
  readonly dockerChains: boolean;
}

const rulesOf = async (table: string): Promise<string[]> =>
  (await exec(['iptables', '--wait', '--table', table, '--list-rules'])).stdout.split('\n').filter((line) => line !== '');

/** Writes down the state before the first start. A memory that is there already is older, and so truer. */
export async function rememberFirewall(): Promise<void> {
  const rules = await rulesOf('filter');
  const before: Before = {
    forwardPolicy: rules.find((rule) => rule.startsWith('-P FORWARD'))?.split(' ')[2] ?? 'ACCEPT',
    ipForward: (await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8')).trim(),
    dockerChains: rules.some((rule) => rule.startsWith('-N DOCKER')),
  };
  await mkdir(engineDir, { recursive: true, mode: 0o700 });
  await writeFile(memory, JSON.stringify(before), { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** Removes Docker's chains and restores the FORWARD policy, if our engine brought them. Idempotent. */
export async function cleanFirewall(): Promise<void> {
  const text = await readFile(memory, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const before = JSON.parse(text) as Before;
  if (!before.dockerChains) {
    for (const table of ['filter', 'nat']) await removeDockerChains(table);
    await exec(['iptables', '--wait', '--policy', 'FORWARD', before.forwardPolicy]);
    await writeFile('/proc/sys/net/ipv4/ip_forward', before.ipForward);
  }
  await rm(memory, { force: true });
}

async function removeDockerChains(table: string): Promise<void> {
  const run = async (...args: string[]): Promise<void> => void (await exec(['iptables', '--wait', '--table', table, ...args]));
  const rules = await rulesOf(table);
  const chains = rules.filter((rule) => /^-N DOCKER/.test(rule)).map((rule) => rule.slice(3));
  for (const chain of chains) await run('--flush', chain);
  for (const rule of rules) {
    const words = rule.split(' ');
    const target = words[words.indexOf('-j') + 1] ?? '';
    // The rules that `dockerd` puts into the built-in chains either jump to its own chains or name its bridges, which are gone by now.
    const docker = chains.includes(target) || /\s(-o|-i) (docker0|br-[0-9a-f]{12})\b/.test(rule);
    if (words[0] === '-A' && !chains.includes(words[1] ?? '') && docker) await run('--delete', words[1] ?? '', ...words.slice(2));
  }
  for (const chain of chains) await run('--delete-chain', chain);
}
