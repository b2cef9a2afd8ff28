import type { SpawnSyncReturns } from 'node:child_process';
import type { Look } from './allocator.ts';
import { fs } from './builtin.ts';
import type { Sandbox } from './state.ts';

const { readdirSync, readlinkSync, statfsSync, statSync } = fs;

/** Type of the file system that a network namespace's file is of, wherever it is mounted (linux/magic.h, NSFS_MAGIC). */
const nsfsMagic = 0x6e736673;
/** nsenter(8) and ip(8) on a node under load. Milliseconds. */
const toolTimeoutMs = 5000;

/**
 * Looks at network namespaces from this process' own mount namespace, which must be the runtime's: in another one they may seem gone. Within
 * one `look`, each is looked at once.
 */
export function lookAtNetns(): Look {
  const seen = new Map<string, ReturnType<Look>>();
  let inUse: ReadonlySet<bigint> | 'unknown' | undefined;
  return (netns) => {
    let found = seen.get(netns);
    if (found === undefined) {
      const inode = inodeOf(netns);
      if (typeof inode === 'string') found = inode;
      else found = (inUse ??= netnsInUse()) === 'unknown' || inUse.has(inode) ? 'running' : 'idle';
      seen.set(netns, found);
    }
    return found;
  };
}

/** Nothing is known to be gone: for who does not see the runtime's mounts. */
export const lookAtNothing: Look = () => 'running';

function inodeOf(netns: string): bigint | 'gone' | 'running' {
  try {
    // The runtime leaves an empty file for a moment before it mounts the namespace there, and after it has unmounted it.
    return statfsSync(netns).type === nsfsMagic ? statSync(netns, { bigint: true }).ino : 'gone';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'gone' : 'running';
  }
}

/** Inodes of the network namespaces that processes are in (namespaces(7), /proc/PID/ns). Unknown when some do not show theirs. */
function netnsInUse(): ReadonlySet<bigint> | 'unknown' {
  const used = new Set<bigint>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [, inode] = /^net:\[(\d+)\]$/.exec(readlinkSync(`/proc/${name}/ns/net`)) ?? [];
      if (inode !== undefined) used.add(BigInt(inode));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // It has ended meanwhile, or is on its way to. The node's first process is in the node's own namespace.
      if (code !== 'ENOENT' && code !== 'ESRCH' && name !== '1') return 'unknown';
    }
  }
  return used;
}

/** Whether this process sees the mounts that another one sees. @param pid of one that sees the runtime's */
export function seesMountsOf(pid: string): boolean {
  try {
    return readlinkSync('/proc/self/ns/mnt') === readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return false;
  }
}

/**
 * Takes a dead sandbox's interface away, which answers for its address as long as it is there.
 *
 * @throws Error with what nsenter(8) or ip(8) said
 */
export function takeOut({ netns }: Sandbox, ifname: string): void {
  const { status, stderr, error } = within(netns, 'ip', 'link', 'delete', ifname);
  // It may have gone by itself.
  if (status === 0 || (error === undefined && /cannot find device/i.test(stderr))) return;
  throw new Error(`the interface ${ifname} of a dead sandbox could not be taken out of ${netns}: ${error?.message ?? stderr.trim()}`);
}

/** Addresses of all interfaces in a network namespace, and on which they are. @throws Error with what nsenter(8) or ip(8) said */
export function addressesIn(netns: string): readonly { readonly ifname: string; readonly address: string }[] {
  const { status, stdout, stderr, error } = within(netns, 'ip', '-json', 'address', 'show');
  if (status !== 0) throw new Error(`the addresses in ${netns} could not be read: ${error?.message ?? stderr.trim()}`);
  const links = JSON.parse(stdout) as { ifname?: string; addr_info?: { local?: string }[] }[];
  return links.flatMap(({ ifname, addr_info }) => (addr_info ?? []).flatMap(({ local }) => (ifname !== undefined && local !== undefined ? [{ ifname, address: local }] : [])));
}

/** Loaded only when it is needed, which is hardly ever: it takes 3 ms. */
const within = (netns: string, ...argv: string[]): SpawnSyncReturns<string> =>
  process.getBuiltinModule('node:child_process').spawnSync('nsenter', [`--net=${netns}`, ...argv], { encoding: 'utf8', timeout: toolTimeoutMs, stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } });
