import { once } from 'node:events';
import { access, readFile, statfs, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, release } from 'node:os';
import { dirname } from 'node:path';
import { exec } from '../../core/exec.ts';
import { availableMemory, gib, inGib } from '../../core/memory.ts';
import { home } from '../../core/paths.ts';
import { Docker } from '../../harness/docker/docker.ts';
import { missingHostCapabilities } from '../../harness/engine/capabilities.ts';
import { byEdgeproof, ok, you, type Check, type Finding } from './check.ts';

const text = async (path: string): Promise<string | undefined> => await readFile(path, 'utf8').then((read) => read.trim(), () => undefined);

const system: Check = {
  id: 'system',
  look: async () => {
    const name = /^PRETTY_NAME="?([^"\n]*)/m.exec((await text('/etc/os-release')) ?? '')?.[1] ?? process.platform;
    return ok(`${name}, ${process.arch}, kernel ${release()}`);
  },
};

const node: Check = {
  id: 'node',
  look: async () => {
    const major = Number(process.versions.node.split('.')[0]);
    return major >= 26 ? ok(`${process.version}, brought by edgeproof`) : you(process.version, 'start edgeproof by bin/edgeproof.mjs, which brings its own Node');
  },
};

const cpus: Check = {
  id: 'cpus',
  look: async () => {
    const count = availableParallelism();
    return count >= 2 ? ok(String(count)) : you(`${count}`, 'give this machine 2 or more: with one, promises miss their time budgets for no fault of their own');
  },
};

/** A five-node cluster takes 2 to 3 GiB, building Kubernetes as much again. */
const memoryNeeded = 4 * gib;
const memory: Check = {
  id: 'memory',
  look: async () => {
    const available = (await availableMemory()) ?? NaN;
    const found = `${inGib(available)} available`;
    return available >= memoryNeeded ? ok(found) : you(found, `free ${inGib(memoryNeeded - available)} more, or boot the topology one-edge`);
  },
};

/** Measured: Go's caches 14 GB, images and their layers 5 GB, run folders. Once built, a cluster takes under 5 GiB. */
const diskNeeded = { cold: 25 * gib, warm: 6 * gib };
const disk: Check = {
  id: 'disk',
  look: async ({ engine }) => {
    const built = (await exists(`${home}/bin`)) && engine !== undefined;
    const needed = built ? diskNeeded.warm : diskNeeded.cold;
    const { bavail, bsize } = await statfs(await nearest(home));
    const found = `${inGib(bavail * bsize)} free for ${home}`;
    return bavail * bsize >= needed ? ok(found) : you(found, `free ${inGib(needed - bavail * bsize)} more there, or set EDGEPROOF_HOME to a folder on a larger disk`);
  },
};

const cgroup: Check = {
  id: 'cgroup',
  look: async () => {
    if (await exists('/sys/fs/cgroup/cgroup.controllers')) return ok('v2');
    return (await exists('/sys/fs/cgroup/cpuset')) ? ok('v1 (kubelets are told to accept it)') : you('none is mounted at /sys/fs/cgroup', 'mount cgroups, for example by starting systemd');
  },
};

const capabilities: Check = {
  id: 'capabilities',
  look: async ({ engine, installs }) => {
    const missing = await missingHostCapabilities();
    if (missing.length === 0) return ok('all');
    const found = `root here lacks ${missing.join(', ')}`;
    if (engine?.private ?? installs) return byEdgeproof(found, "edgeproof's own Docker engine runs nodes without them");
    return ok(`${found}; whether your Docker engine has them shows when it runs a node`);
  },
};

const bridge: Check = {
  id: 'bridge-nf-call-iptables',
  look: async ({ engine }) => {
    const value = await text('/proc/sys/net/bridge/bridge-nf-call-iptables');
    if (value === '1') return ok('1');
    if (value === '0') return byEdgeproof('0', 'set to 1 on the Docker host when a cluster is isolated');
    if (engine === undefined) return byEdgeproof('br_netfilter is not loaded', 'the Docker engine loads it when it starts');
    return engine.host.startsWith('unix:') ? you('br_netfilter is not loaded', 'run: modprobe br_netfilter', asRoot(async (signal) => void (await exec(['modprobe', 'br_netfilter'], { signal })))) : ok('not known: the Docker engine is on another machine');
  },
};

/** Measured: 83 instances with the five nodes of the default topology, most of them systemd's and the kubelet's. */
const instancesPerNode = 15;
const instancesOfHost = 10;
const inotifyNeeded = { max_user_instances: instancesOfHost + 6 * instancesPerNode, max_user_watches: 65_536 };
const inotify: Check = {
  id: 'inotify',
  look: async () => {
    const limits = await Promise.all(Object.entries(inotifyNeeded).map(async ([name, needed]) => ({ name, needed, is: Number((await text(`/proc/sys/fs/inotify/${name}`)) ?? NaN) })));
    const room = Math.max(0, Math.floor(((limits[0]?.is ?? 0) - instancesOfHost) / instancesPerNode));
    const found = `${limits.map(({ name, is }) => `${name} ${is}`).join(', ')}: room for about ${room} nodes`;
    const low = limits.filter(({ is, needed }) => is < needed);
    if (low.length === 0) return ok(found);
    const wanted = low.map(({ name, needed }) => ({ name, value: String(Math.max(needed, 512)) }));
    return you(found, `run: sysctl ${wanted.map(({ name, value }) => `fs.inotify.${name}=${value}`).join(' ')}`, asRoot(async () => {
      for (const { name, value } of wanted) await writeFile(`/proc/sys/fs/inotify/${name}`, value);
    }));
  },
};

/** Kubernetes believes certificates and leases by the engine's clock, edgeproof its budgets by its own. */
const mostDriftMs = 2000;
const time: Check = {
  id: 'time',
  look: async ({ engine, signal }) => {
    if (engine === undefined) return ok('not known: no engine runs');
    const asked = Date.now();
    const { stdout } = await new Docker(engine).run(['info', '--format', '{{.SystemTime}}'], { timeoutMs: 10_000, signal });
    return judgeClock(Date.parse(stdout.trim()), { asked, answered: Date.now() });
  },
};

/**
 * @internal
 * @param engine the engine's time, told at some moment between the two of ours: on a busy machine its answer takes seconds. All in milliseconds since the epoch.
 */
export function judgeClock(engine: number, { asked, answered }: { readonly asked: number; readonly answered: number }): Finding {
  if (Number.isNaN(engine)) return ok('not known: the engine does not tell its time');
  const drift = engine < asked ? engine - asked : Math.max(0, engine - answered);
  const found = `the engine's clock is ${(Math.abs(drift) / 1000).toFixed(1)} s ${drift < 0 ? 'behind' : 'before'} this one`;
  return Math.abs(drift) <= mostDriftMs ? ok(found) : you(found, 'set both by NTP: timedatectl set-ntp true');
}

/** API servers and WANs are published on the loopback, at whatever ports are free. */
const ports: Check = {
  id: 'ports',
  look: async () => {
    const server = createServer();
    try {
      await once(server.listen(0, '127.0.0.1'), 'listening');
      return ok(`free ones are taken, of ${(await text('/proc/sys/net/ipv4/ip_local_port_range'))?.replace(/\s+/, ' to ') ?? 'any'}`);
    } catch (error) {
      return you(`none can be had on the loopback: ${(error as Error).message}`, 'see what holds them all: ss -tan');
    } finally {
      server.close();
    }
  },
};

/** What only root may mend. */
const asRoot = (fix: NonNullable<Finding['fix']>): Finding['fix'] => (process.getuid?.() === 0 ? fix : undefined);

const exists = async (path: string): Promise<boolean> => await access(path).then(() => true, () => false);

/** The folder itself, or the nearest above it that exists. */
async function nearest(path: string): Promise<string> {
  return (await exists(path)) || dirname(path) === path ? path : await nearest(dirname(path));
}

export const hostChecks: readonly Check[] = [system, node, cpus, memory, disk, cgroup, capabilities, bridge, inotify, time, ports];
