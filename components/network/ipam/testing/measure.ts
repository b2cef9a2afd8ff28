// What a call costs, beside host-local: `node measure.ts --plugins FOLDER --bundle FILE [--pods 30] [--rounds 200]`, as root. FOLDER has
// `bridge` and `host-local`. With --resident the launcher asks a resident. All of it happens in network and mount namespaces of its own.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { launcher } from '../launcher.ts';
import { serveCalls } from '../resident/serve.ts';

const { values } = parseArgs({ options: { plugins: { type: 'string' }, bundle: { type: 'string' }, pods: { type: 'string', default: '30' }, rounds: { type: 'string', default: '200' }, resident: { type: 'boolean', default: false }, serve: { type: 'string' }, inside: { type: 'boolean', default: false } } });
if (values.plugins === undefined || values.bundle === undefined) throw new Error('--plugins and --bundle are needed');
if (values.serve !== undefined) {
  await serveCalls({ socket: values.serve, told: () => {} });
  await new Promise(() => {});
}
if (!values.inside) {
  const { status } = spawnSync('unshare', ['--net', '--mount', process.execPath, ...process.argv.slice(1), '--inside'], { stdio: 'inherit' });
  process.exit(status ?? 1);
}

const root = mkdtempSync(join(tmpdir(), 'edge-ipam-measure-'));
const kinds = ['edge-ipam', 'host-local'] as const;
type Kind = (typeof kinds)[number];

const sh = (script: string): void => {
  const { status, stderr } = spawnSync('sh', ['-ec', script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script}: ${stderr}`);
};
sh('ip link set lo up; mkdir -p /run/netns; mount -t tmpfs none /run/netns');
for (const name of ['bridge', 'host-local']) symlinkSync(join(resolve(values.plugins), name), join(root, name));
const socket = join(root, 'ipam.sock');
writeFileSync(join(root, 'edge-ipam'), values.resident ? launcher({ root, program: '/none', socket }) : `#!/bin/sh\nexec ${process.execPath} ${resolve(values.bundle)}\n`);
const serving = values.resident ? spawn(process.execPath, [...process.argv.slice(1), '--serve', socket], { stdio: 'inherit' }) : undefined;
while (serving !== undefined && !existsSync(socket)) await new Promise((done) => setTimeout(done, 20));
chmodSync(join(root, 'edge-ipam'), 0o755);
mkdirSync(join(root, 'data'));

const subnet = { 'edge-ipam': '10.244.1.0/24', 'host-local': '10.244.2.0/24' } as const;
/** As flannel's plugin hands over to the bridge plugin. */
const config = (kind: Kind): string => JSON.stringify({ cniVersion: '1.0.0', name: kind, type: 'bridge', bridge: kind === 'edge-ipam' ? 'cni0' : 'cni1', mtu: 1450, hairpinMode: true, isDefaultGateway: true, isGateway: true, ipMasq: false, ipam: { type: kind, dataDir: join(root, 'data', kind), ranges: [[{ subnet: subnet[kind] }]], routes: [{ dst: '10.244.0.0/16' }] } });

interface Call {
  readonly ms: number;
  readonly out: string;
}

/** @param program `bridge`, or the IPAM plugin by itself */
async function call(kind: Kind, program: string, command: string, index: number): Promise<Call> {
  const name = `${kind}-${index}`;
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', CNI_COMMAND: command, CNI_CONTAINERID: `c-${name}`, CNI_NETNS: `/run/netns/${name}`, CNI_IFNAME: 'eth0', CNI_PATH: root, CNI_ARGS: `IgnoreUnknown=1;K8S_POD_INFRA_CONTAINER_ID=c-${name};K8S_POD_NAME=web-${index};K8S_POD_NAMESPACE=default;K8S_POD_UID=uid-${index}` };
  const began = performance.now();
  const child: ChildProcess = spawn(join(root, program), { env, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin!.end(config(kind));
  const [out, [code]] = await Promise.all([text(child.stdout!), once(child, 'exit') as Promise<[number]>]);
  if (code !== 0) throw new Error(`${kind} ${command}: ${out}`);
  return { ms: performance.now() - began, out };
}

const quantile = (sorted: readonly number[], q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!;
function print(what: string, times: readonly number[]): void {
  const sorted = [...times].sort((a, b) => a - b);
  process.stdout.write(`| ${what} | ${[0.5, 0.9, 0.99].map((q) => quantile(sorted, q).toFixed(1)).join(' | ')} | ${sorted.at(-1)!.toFixed(1)} |\n`);
}

const busy = (): { readonly all: number; readonly idle: number } => {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/).slice(1, 9).map(Number);
  return { all: fields.reduce((sum, one) => sum + one, 0), idle: fields[3]! + fields[4]! };
};
const first = busy();
await new Promise((done) => setTimeout(done, 2000));
const second = busy();
process.stdout.write(`load before: ${(100 * (1 - (second.idle - first.idle) / (second.all - first.all))).toFixed(0)} %\n\n| | p50, ms | p90, ms | p99, ms | most, ms |\n|---|---:|---:|---:|---:|\n`);

try {
  const pods = Number(values.pods);
  const rounds = Number(values.rounds);
  for (const kind of kinds) for (let index = 0; index < pods; index += 1) {
    sh(`ip netns add ${kind}-${index}`);
    await call(kind, 'bridge', 'ADD', index);
  }
  // A sandbox after the other, of Pods that there are: DEL, a new namespace, ADD; in turns, so that both meet the same neighbours.
  const times = new Map<string, number[]>();
  const note = (what: string, { ms }: Call): void => void times.set(what, [...(times.get(what) ?? []), ms]);
  for (let round = 0; round < rounds; round += 1) for (const kind of kinds) {
    const index = round % pods;
    note(`${kind}: bridge and it, DEL`, await call(kind, 'bridge', 'DEL', index));
    sh(`ip netns delete ${kind}-${index}; ip netns add ${kind}-${index}`);
    note(`${kind}: bridge and it, ADD`, await call(kind, 'bridge', 'ADD', index));
  }
  for (let round = 0; round < rounds; round += 1) for (const kind of kinds) {
    note(`${kind} alone, DEL`, await call(kind, kind, 'DEL', round % pods));
    note(`${kind} alone, ADD`, await call(kind, kind, 'ADD', round % pods));
  }
  for (const [what, ms] of [...times].sort()) print(what, ms);
  for (const kind of kinds) {
    const at = Array.from({ length: 50 }, (_, index) => pods + index);
    sh(at.map((index) => `ip netns add ${kind}-${index}`).join('; '));
    const began = performance.now();
    const all = await Promise.all(at.map(async (index) => await call(kind, 'bridge', 'ADD', index)));
    print(`${kind}: bridge and it, 50 ADDs at once (all: ${((performance.now() - began) / 1000).toFixed(1)} s)`, all.map(({ ms }) => ms));
  }
} finally {
  serving?.kill();
  rmSync(root, { recursive: true, force: true });
}
