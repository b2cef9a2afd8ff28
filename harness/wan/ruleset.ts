import { chainPrefix, commentOf, filterRules, goneChain, isChainOf, mangleRules, natRules, siteChain, type IsolationPlan, type TableRules } from './rules.ts';

/** The two programs that may hold a host's rules; each sees only its own. */
export type Flavour = 'iptables-nft' | 'iptables-legacy';
export const flavours: readonly Flavour[] = ['iptables-nft', 'iptables-legacy'];

type TableName = 'filter' | 'nat' | 'mangle';
const tableNames: readonly TableName[] = ['filter', 'nat', 'mangle'];

interface Table {
  readonly chains: string[];
  /** Rules without their verb, as `iptables-save` writes them. */
  readonly rules: string[];
}

/** What one flavour holds. A table that nobody has used is missing. */
export type Ruleset = Partial<Record<TableName, Table>>;

/** An edgeproof cluster's chains found on a host. */
export interface FoundIsolation {
  readonly flavour: Flavour;
  readonly chain: string;
  readonly cluster: string;
}

/** Reads the output of `iptables-save`; other tables are passed over. */
export function parseSave(text: string): Ruleset {
  const ruleset: Ruleset = {};
  let table: Table | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      const name = line.slice(1).trim();
      table = tableNames.includes(name as TableName) ? (ruleset[name as TableName] ??= { chains: [], rules: [] }) : undefined;
    } else if (line.startsWith(':')) {
      table?.chains.push(line.slice(1).split(' ')[0] ?? '');
    } else if (line.startsWith('-A ')) {
      table?.rules.push(line.slice(3));
    }
  }
  return ruleset;
}

/**
 * The flavour that Docker uses: the one whose DOCKER-USER chain exists and whose rules name the cluster's bridge.
 * On a host whose flavour was switched, the other one still holds an old DOCKER-USER.
 */
export function dockerFlavour(rulesets: ReadonlyMap<Flavour, Ruleset>, bridge: string): Flavour | undefined {
  const withDocker = flavours.filter((flavour) => rulesets.get(flavour)?.filter?.chains.includes('DOCKER-USER'));
  const withBridge = withDocker.filter((flavour) => rulesets.get(flavour)?.filter?.rules.some((rule) => rule.split(' ').includes(bridge)));
  return withBridge[0] ?? withDocker[0];
}

/** The chain that a saved rule jumps to. */
const targetOf = (rule: string): string | undefined => / -[jg] (\S+)/.exec(rule)?.[1];
const chainOf = (rule: string): string => rule.split(' ', 1)[0] ?? '';

function removal(table: Table, cluster: string): { jumps: string[]; chains: string[] } {
  const ours = (chain: string | undefined): boolean => chain !== undefined && isChainOf(cluster, chain);
  return {
    jumps: table.rules.filter((rule) => ours(targetOf(rule)) && !ours(chainOf(rule))),
    chains: table.chains.filter(ours),
  };
}

/**
 * Input for `iptables-restore --noflush` that gives the host the plan's rules, whatever it had of this cluster
 * before: atomic for each table, and the same when applied again. Site chains come out empty.
 */
export function applyScript(plan: IsolationPlan, now: Ruleset): string {
  const table = (name: TableName, wanted: TableRules): string[] => {
    const old = removal(now[name] ?? { chains: [], rules: [] }, plan.cluster);
    const stale = old.chains.filter((chain) => !wanted.chains.includes(chain));
    return [
      `*${name}`,
      ...wanted.chains.map((chain) => `:${chain} - [0:0]`), // made, or emptied
      ...old.jumps.map((jump) => `-D ${jump}`),
      ...stale.flatMap((chain) => [`-F ${chain}`, `-X ${chain}`]),
      ...wanted.rules.map((rule) => `-A ${rule}`),
      ...wanted.jumps.toReversed().map((jump) => `-I ${jump}`),
      'COMMIT',
    ];
  };
  return [...table('filter', filterRules(plan)), ...table('nat', natRules(plan)), ...table('mangle', mangleRules(plan)), ''].join('\n');
}

/** Input for `iptables-restore --noflush` that removes all of a cluster; undefined when nothing of it is there. */
export function removeScript(cluster: string, now: Ruleset): string | undefined {
  const lines = tableNames.flatMap((name) => {
    const table = now[name];
    if (table === undefined) return [];
    const { jumps, chains } = removal(table, cluster);
    if (jumps.length + chains.length === 0) return [];
    return [`*${name}`, ...jumps.map((jump) => `-D ${jump}`), ...chains.map((chain) => `-F ${chain}`), ...chains.map((chain) => `-X ${chain}`), 'COMMIT'];
  });
  return lines.length === 0 ? undefined : [...lines, ''].join('\n');
}

/** Input for `iptables-restore --noflush` that makes a site's WAN swallow everything, or lets it through again. */
export function blackholeScript(cluster: string, site: string, on: boolean): string {
  const chain = siteChain(cluster, site);
  return ['*filter', `:${chain} - [0:0]`, ...(on ? [`-A ${chain} -j DROP`] : []), 'COMMIT', ''].join('\n');
}

/** A connection that a site's WAN has to the cloud: from a port of its own to a service of a cloud node. */
export interface WanConnection {
  readonly port: number;
  /** Of the cloud node, and the port that was dialled there. */
  readonly address: string;
  readonly servicePort: number;
}

/** Input for `iptables-restore --noflush` that makes a site's WAN swallow what belongs to some of its own connections; none: it swallows nothing of them. */
export function swallowScript(cluster: string, site: string, wan: string, connections: readonly WanConnection[]): string {
  const chain = goneChain(cluster, site);
  // Both ends: the kernel gives one port to several connections at once if they lead elsewhere.
  const rules = connections.flatMap(({ port, address, servicePort }) => [
    `-A ${chain} -s ${wan} -d ${address} -p tcp -m tcp --sport ${port} --dport ${servicePort} -j DROP`,
    `-A ${chain} -s ${address} -d ${wan} -p tcp -m tcp --sport ${servicePort} --dport ${port} -j DROP`,
  ]);
  return ['*filter', `:${chain} - [0:0]`, ...rules, 'COMMIT', ''].join('\n');
}

/** The connections that a WAN swallows by the rules of `swallowScript`, from what `iptables -S CHAIN` prints. */
export const readSwallowed = (text: string, wan: string): WanConnection[] => text.split('\n').flatMap((line) => {
  const [, from, address, port, servicePort] = / -s ([\d.]+)\/32 -d ([\d.]+)\/32 .*--sport (\d+) --dport (\d+) -j DROP$/.exec(line.trim()) ?? [];
  return from !== wan || address === undefined ? [] : [{ port: Number(port), address, servicePort: Number(servicePort) }];
});

/** Of each node, by its address, the packets that its rules of the way out have refused, from what `iptables -v -S CHAIN` prints of nat. */
export function readKeptIn(text: string): Map<string, number> {
  const met = new Map<string, number>();
  for (const [, node = '', packets] of text.matchAll(/ -s ([\d.]+)\/32 -d \S+ .*-c (\d+) \d+ -j REDIRECT\b/g)) met.set(node, (met.get(node) ?? 0) + Number(packets));
  return met;
}

/** Every edgeproof cluster of which a flavour holds something. Its name is in the comment inside its chain. */
export function findIsolations(flavour: Flavour, now: Ruleset): FoundIsolation[] {
  const found = new Map<string, FoundIsolation>();
  for (const name of tableNames) {
    for (const chain of now[name]?.chains ?? []) {
      if (!chain.startsWith(chainPrefix) || chain.includes('/') || found.has(chain)) continue;
      const named = now[name]?.rules.find((rule) => chainOf(rule) === chain && rule.includes(commentOf('')));
      const cluster = /--comment "edgeproof cluster ([^"]+)"/.exec(named ?? '')?.[1] ?? chain.slice(chainPrefix.length);
      found.set(chain, { flavour, chain, cluster });
    }
  }
  return [...found.values()];
}
