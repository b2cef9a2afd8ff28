import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { exec } from '../../../../core/exec.ts';
import { createAuthority } from '../../../../core/pki.ts';
import { waitFor } from '../../../../core/wait.ts';
import { deviceName, macOfNode, NodeApi, NodeNetwork, startVtepKeeper, type VtepKeeper, type VtepTimings } from '../index.ts';
import { backendDataKey } from '../backend-data.ts';
import type { Forward, Peer } from '../peers.ts';
import { NodesApi } from './nodes-api.ts';

let count = 0;
const prefix = 'edgeproof-vtep-';

/** A test run that was killed leaves its namespaces. */
async function removeLeftovers(): Promise<void> {
  const names = (await exec(['ip', 'netns', 'list'])).stdout.split('\n').map((line) => line.split(' ')[0]!).filter((name) => name.startsWith(prefix));
  for (const name of names) {
    if (!existsSync(`/proc/${name.slice(prefix.length).split('-')[0]}`)) await exec(['ip', 'netns', 'del', name], { accept: 'any' });
  }
}

export const address = '10.9.0.1';
/** As flannel writes it. */
export const told = (mac: string): string => `{"VNI":1,"VtepMAC":"${mac}"}`;
export const peer = (n: number): Peer => ({ gateway: `10.244.${n}.0`, mac: `02:00:00:00:01:0${n}`, address: `10.9.0.${n}` });

/** A node in a network namespace of its own: a kernel's real devices and tables, an API server, and a keeper that can be started and ended. */
export class EdgeNode implements AsyncDisposable {
  readonly name = 'edge-1';
  readonly mac = macOfNode('edge-1');
  readonly logged: { readonly level: number; readonly msg: string }[] = [];
  readonly #stack = new AsyncDisposableStack();
  readonly #namespace = `${prefix}${process.pid}-${(count += 1)}`;
  #keeper: VtepKeeper | undefined;
  #registry = new Registry();
  folder = '';
  api!: NodesApi;

  static async make(): Promise<EdgeNode> {
    assert.equal(process.getuid?.(), 0, 'these tests make devices in network namespaces: run them as root');
    const node = new EdgeNode();
    try {
      await node.#make();
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
    return node;
  }

  async #make(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'edgeproof-vtep-'));
    this.#stack.defer(async () => await rm(this.folder, { recursive: true, force: true }));
    const authority = await createAuthority({ commonName: 'kubernetes' });
    const server = await authority.issue({ commonName: 'edge-hub', ipAddresses: ['127.0.0.1'], server: true });
    const kubelet = await authority.issue({ commonName: `system:node:${this.name}`, organizations: ['system:nodes'], client: true });
    await writeFile(join(this.folder, 'ca.crt'), authority.certPem);
    await writeFile(join(this.folder, 'kubelet.pem'), kubelet.certPem + kubelet.keyPem);
    this.api = await NodesApi.listen({ tls: { cert: server.certPem, key: server.keyPem, clientCa: authority.certPem } });
    this.#stack.use(this.api);
    this.api.add(this.name, '10.244.1.0/24');
    if (count === 1) await removeLeftovers();
    await exec(['ip', 'netns', 'add', this.#namespace]);
    this.#stack.defer(async () => void (await exec(['ip', 'netns', 'del', this.#namespace])));
    await this.boots();
  }

  get stateFile(): string {
    return join(this.folder, 'vtep.json');
  }

  async ip(...argv: readonly string[]): Promise<string> {
    return (await exec(['ip', '-n', this.#namespace, ...argv])).stdout;
  }

  /** Every device is gone, as one goes with what it stands on, and its uplink is there. */
  async boots(): Promise<void> {
    const links = JSON.parse(await this.ip('-j', 'link')) as { ifname: string }[];
    if (links.some(({ ifname }) => ifname === 'eth0')) await this.ip('link', 'del', 'dev', 'eth0');
    await this.ip('link', 'add', 'name', 'eth0', 'type', 'veth', 'peer', 'name', 'cable');
    for (const argv of [['link', 'set', 'dev', 'cable', 'up'], ['address', 'add', `${address}/24`, 'dev', 'eth0'], ['link', 'set', 'dev', 'eth0', 'up']]) await this.ip(...argv);
  }

  /** What flanneld does at its start: it takes the device that is there or makes one, and tells of its MAC. */
  async flannelStarts({ mac, port = 8472 }: { readonly mac: string; readonly port?: number }): Promise<void> {
    if ((await this.device()) === undefined) await this.ip('link', 'add', 'name', deviceName, 'address', mac, 'mtu', '1450', 'type', 'vxlan', 'id', '1', 'dstport', String(port), 'local', address, 'dev', 'eth0', 'nolearning');
    await this.ip('address', 'replace', '10.244.1.0/32', 'dev', deviceName);
    await this.ip('link', 'set', 'dev', deviceName, 'up');
    const has = (await this.device())!.mac;
    this.api.annotate(this.name, 'flannel.alpha.coreos.com/backend-type', 'vxlan');
    if (this.annotation !== told(has)) this.annotate(told(has));
  }

  /** What flanneld does when it hears of another node, in its order. */
  async flannelAdds({ gateway, mac, address: to }: Peer): Promise<void> {
    await this.ip('neigh', 'replace', gateway, 'lladdr', mac, 'dev', deviceName, 'nud', 'permanent');
    await this.appendForward({ mac, address: to });
    await this.ip('route', 'replace', `${gateway}/24`, 'via', gateway, 'dev', deviceName, 'onlink');
  }

  async appendForward({ mac, address: to }: Forward): Promise<void> {
    await exec(['bridge', '-n', this.#namespace, 'fdb', 'replace', mac, 'dev', deviceName, 'dst', to, 'self', 'permanent']);
  }

  get network(): NodeNetwork {
    return new NodeNetwork({ namespace: this.#namespace });
  }

  async device(): Promise<Awaited<ReturnType<NodeNetwork['device']>>> {
    return await this.network.device(deviceName);
  }

  get annotation(): string | undefined {
    return this.api.annotation(this.name, backendDataKey);
  }

  annotate(text: string | undefined): void {
    this.api.annotate(this.name, backendDataKey, text);
  }

  /** Ended with the node, or by `stopKeeper`. */
  startKeeper(timings: Partial<VtepTimings> = {}): VtepKeeper {
    const log = pino({ level: 'trace' }, { write: (line: string) => void this.logged.push(JSON.parse(line) as { level: number; msg: string }) });
    this.#registry = new Registry();
    this.#keeper = startVtepKeeper({
      nodeName: this.name,
      network: this.network,
      api: new NodeApi({ host: '127.0.0.1', port: this.api.port, ca: join(this.folder, 'ca.crt'), nodeCertificate: join(this.folder, 'kubelet.pem'), nodeName: this.name }),
      stateFile: this.stateFile,
      log,
      registry: this.#registry,
      timings,
      signal: new AbortController().signal,
    });
    return this.#keeper;
  }

  async stopKeeper(): Promise<void> {
    await this.#keeper?.[Symbol.asyncDispose]();
    this.#keeper = undefined;
  }

  /** @returns how often the keeper has set something right */
  async corrections(of: string): Promise<number> {
    const { values } = await this.#registry.getSingleMetric('edge_network_vtep_corrections_total')!.get();
    return values.find(({ labels }) => labels['of'] === of)?.value ?? 0;
  }

  async becomes(what: string, look: () => Promise<boolean> | boolean, timeoutMs = 20_000): Promise<void> {
    await waitFor(what, async () => ((await look()) ? { done: undefined } : { missing: `device ${(await this.device())?.mac}, annotation ${this.annotation}` }), { timeoutMs, everyMs: 5 });
  }

  async hasMac(mac = this.mac): Promise<void> {
    await this.becomes(`the device having ${mac}`, async () => (await this.device())?.mac === mac);
  }

  async saysMac(mac = this.mac): Promise<void> {
    await this.becomes(`the annotation saying ${mac}`, () => this.annotation === told(mac));
  }

  /** Of a node that has been told of to its peers, with two of them, and its keeper at work. */
  static async bound(timings: Partial<VtepTimings> = {}): Promise<EdgeNode> {
    const node = await EdgeNode.make();
    node.startKeeper(timings);
    await node.saysMac();
    await node.flannelStarts({ mac: node.mac });
    for (const n of [2, 3]) await node.flannelAdds(peer(n));
    await node.becomes('the keeper knowing both', async () => await readFile(node.stateFile, 'utf8').then((text) => text.includes(peer(2).mac) && text.includes(peer(3).mac) && text.includes('"bound":true'), () => false));
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopKeeper();
    await this.#stack.disposeAsync();
  }
}
