import type { Look } from './allocator.ts';
import { formatAddress, inSubnet, parseAddress, parseSubnet } from './addresses.ts';
import { fs, path as paths } from './builtin.ts';
import { emptyState, sameOwner, type Owner, type Reservation, type Sandbox, type State } from './state.ts';
import { podIn } from './protocol/arguments.ts';

const { readdirSync, readFileSync, realpathSync, statSync } = fs;
const { basename, dirname, join } = paths;

export interface Outside {
  readonly look: Look;
  /** @throws Error */
  readonly addressesIn: (netns: string) => readonly { readonly ifname: string; readonly address: string }[];
  /** Where the runtime keeps the results of its ADDs (libcni: /var/lib/cni/results). */
  readonly resultsFolder: string;
  /** Where the runtime mounts network namespaces. */
  readonly netnsFolder: string;
}

export interface Rebuilt {
  readonly state: State;
  /** What could not be looked at. */
  readonly troubles: readonly string[];
}

interface Found {
  readonly owner: Owner;
  readonly ifname: string;
  readonly container: string;
  readonly netns: string;
  readonly addresses: readonly string[];
  readonly seen: ReturnType<Look>;
  readonly writtenMs: number;
}

/** Which of two that say they have an address has it: one that runs, then the one that was added last. */
const rank = { running: 0, idle: 1, gone: 2 } as const;

/**
 * Makes a state of what the runtime has written down of its ADDs, and of what is in the network namespaces that it has written nothing of. A
 * Pod whose sandbox had been deleted is in neither: its reservation is lost.
 */
export function rebuild(network: string, outside: Outside): Rebuilt {
  const troubles: string[] = [];
  const found = results(network, outside, troubles).sort((a, b) => rank[a.seen] - rank[b.seen] || b.writtenMs - a.writtenMs);
  const known = new Set(found.map(({ netns }) => realPath(netns)));
  // A runtime may mount them elsewhere. Some name a process' instead, beside which lie its namespaces of other kinds.
  const folders = new Set([outside.netnsFolder, ...found.map(({ netns }) => dirname(netns))].map(realPath).filter((folder) => !folder.startsWith('/proc/') && folder !== '.'));
  for (const folder of folders) found.push(...strangers(folder, known, outside, troubles));
  return { state: { ...emptyState, reservations: merge(found) }, troubles };
}

/** Each address once. Whoever else is seen to have it keeps its owner from using it anew, until that one is gone. */
function merge(found: readonly Found[]): Reservation[] {
  const reservations: Reservation[] = [];
  const hold = (at: number, sandboxes: readonly Sandbox[]): void => void (reservations[at] = { ...reservations[at]!, sandboxes: [...reservations[at]!.sandboxes, ...sandboxes] });
  for (const { owner, ifname, container, netns, addresses, seen } of found) {
    const sandboxes = seen === 'gone' ? [] : [{ container, netns }];
    if (!('pod' in owner) && sandboxes.length === 0) continue;
    const holding = reservations.map((_, index) => index).filter((index) => reservations[index]!.addresses.some((address) => addresses.includes(address)));
    const mine = reservations.findIndex((one) => one.ifname === ifname && sameOwner(one.owner, owner));
    for (const index of new Set([...holding, ...(mine === -1 ? [] : [mine])])) hold(index, sandboxes);
    const free = addresses.filter((address) => !holding.some((index) => reservations[index]!.addresses.includes(address)));
    if (mine === -1 && free.length > 0) reservations.push({ owner, ifname, addresses: free, sandboxes, change: 0 });
    // One Pod with two addresses, as after an earlier loss: what it runs with is nobody else's either.
    else if (free.length > 0 && sandboxes.length > 0) reservations.push({ owner: { netns }, ifname, addresses: free, sandboxes, change: 0 });
  }
  return reservations;
}

function results(network: string, { resultsFolder, look }: Outside, troubles: string[]): Found[] {
  return names(resultsFolder, troubles).filter((name) => name.startsWith(`${network}-`)).flatMap((name) => {
    const path = join(resultsFolder, name);
    try {
      const found = readResult(network, readFileSync(path, 'utf8'));
      return found === undefined ? [] : [{ ...found, seen: found.netns === '' ? 'gone' as const : look(found.netns), writtenMs: statSync(path).mtimeMs }];
    } catch (error) {
      // What it was about is found in its network namespace, if it runs.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') troubles.push(`${path}: ${(error as Error).message}`);
      return [];
    }
  });
}

/** As libcni writes them (api.go, `cachedInfo`). @throws SyntaxError */
function readResult(network: string, text: string): Omit<Found, 'seen' | 'writtenMs'> | undefined {
  const cached = JSON.parse(text) as { kind?: string; networkName?: string; containerId?: string; ifName?: string; netns?: string; cniArgs?: [string, string][]; result?: { ips?: { address?: string }[] } } | null;
  if (cached?.kind !== 'cniCacheV1' || cached.networkName !== network || cached.containerId === undefined || cached.ifName === undefined) return undefined;
  const addresses = (cached.result?.ips ?? []).flatMap(({ address }) => {
    const parsed = parseAddress(address?.split('/')[0] ?? '');
    return parsed === undefined ? [] : [formatAddress(parsed)];
  });
  const pod = podIn(new Map(cached.cniArgs ?? []));
  return { owner: pod === undefined ? { container: cached.containerId } : { pod }, ifname: cached.ifName, container: cached.containerId, netns: cached.netns ?? '', addresses };
}

/** Every interface has one of its own (RFC 4291, 2.5.6). */
const linkLocal = parseSubnet('fe80::/10')!;

/** What runs in network namespaces of which no result tells. */
function strangers(folder: string, known: ReadonlySet<string>, { look, addressesIn }: Outside, troubles: string[]): Found[] {
  return names(folder, troubles).map((name) => join(folder, name)).filter((netns) => !known.has(netns) && look(netns) !== 'gone').flatMap((netns) => {
    try {
      // Also what is in no range now: it may be in one that comes back.
      const ours = addressesIn(netns).flatMap(({ ifname, address }) => {
        const parsed = parseAddress(address);
        return parsed !== undefined && ifname !== 'lo' && !inSubnet(linkLocal, parsed) ? [{ ifname, address: formatAddress(parsed) }] : [];
      });
      return [...new Set(ours.map(({ ifname }) => ifname))].map((ifname) => ({ owner: { netns }, ifname, container: '', netns, addresses: ours.filter((one) => one.ifname === ifname).map(({ address }) => address), seen: 'running' as const, writtenMs: 0 }));
    } catch (error) {
      troubles.push((error as Error).message);
      return [];
    }
  });
}

/** `/var/run` is a link to `/run`. */
function realPath(path: string): string {
  try {
    return path.startsWith('/proc/') ? path : join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}

function names(folder: string, troubles: string[]): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') troubles.push(`${folder}: ${(error as Error).message}`);
    return [];
  }
}
