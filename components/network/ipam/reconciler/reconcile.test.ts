import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Look } from '../allocator.ts';
import { writeFileSync } from 'node:fs';
import { PluginFolder } from '../testing/plugin-folder.ts';
import { lockFile } from '../store/lock.ts';
import { idleGraceMs, Reconciler, type ReconcileOptions } from './reconcile.ts';
import type { Knowledge } from './known-pods.ts';
import { dirname, join } from 'node:path';

const uids = Array.from({ length: 4 }, () => randomUUID());
const never = new AbortController().signal;

/** A node whose plugin was called, and who is asked about its Pods. */
class Node implements Disposable {
  readonly plugin = new PluginFolder();
  now = 1000;
  asked = 0;
  knowledge: Knowledge = { complete: true, connected: true, uids: new Set() };
  lately: ReadonlySet<string> | undefined;
  seen: ReturnType<Look> = 'gone';
  readonly freed: string[] = [];
  readonly taken: string[] = [];
  takeOut: ReconcileOptions['takeOut'] = ({ container }) => void this.taken.push(container);
  /** While somebody is asked. */
  meanwhile = (): void => {};
  readonly reconciler: Reconciler;

  constructor() {
    const lately = (): ReadonlySet<string> | undefined => this.lately;
    this.reconciler = new Reconciler({
      dataDir: this.plugin.dataDir,
      pods: {
        get lately() { return lately(); },
        knownPods: async () => {
          this.asked += 1;
          this.meanwhile();
          return this.knowledge;
        },
      },
      look: () => () => this.seen,
      takeOut: (...what) => this.takeOut(...what),
      now: () => this.now,
      freed: (_network, { addresses }) => void this.freed.push(...addresses),
    });
  }

  knows(connected: boolean, ...known: (string | undefined)[]): void {
    this.knowledge = { complete: true, connected, uids: new Set(known.filter((one) => one !== undefined)) };
  }

  async round(): Promise<number> {
    return (await this.reconciler.round(never)).freed;
  }

  get reserved(): string[] {
    return this.plugin.state.reservations.flatMap(({ addresses }) => addresses);
  }

  [Symbol.dispose](): void {
    this.plugin[Symbol.dispose]();
  }
}

test('who is gone is freed, once its sandbox is; who is there keeps its address', async () => {
  using node = new Node();
  for (const [index, uid] of uids.entries()) node.plugin.add({ container: `c${index}`, pod: [`p${index}`, uid] });
  node.knows(true, uids[0], uids[1]);
  node.seen = 'running';
  assert.equal(await node.round(), 0);
  assert.equal(node.asked, 0);
  node.seen = 'gone';
  assert.equal(await node.round(), 2);
  assert.deepEqual([node.freed, node.reserved], [['10.244.1.4', '10.244.1.5'], ['10.244.1.2', '10.244.1.3']]);
});

test('nobody is asked while all are known to be there', async () => {
  using node = new Node();
  node.plugin.add({ pod: ['a', uids[0]!] });
  node.lately = new Set([uids[0]!]);
  assert.equal(await node.round(), 0);
  assert.equal(node.asked, 0);
});

test('a Pod that is ADDed while somebody is asked is not freed, nor one that is ADDed anew', async () => {
  using node = new Node();
  node.plugin.add({ pod: ['a', uids[0]!] });
  node.meanwhile = () => {
    node.plugin.add({ container: 'c2', pod: ['a', uids[0]!] });
    node.plugin.add({ container: 'c3', pod: ['b', uids[1]!] });
  };
  assert.equal(await node.round(), 0);
  assert.deepEqual(node.reserved, ['10.244.1.2', '10.244.1.3']);
});

test('cut off, nothing is freed but what was told to be there before', async () => {
  using node = new Node();
  node.plugin.add({ pod: ['a', uids[0]!] });
  node.plugin.add({ container: 'c2', pod: ['b', uids[1]!] });
  node.lately = new Set([uids[0]!]);
  node.knows(false, uids[0]);
  assert.equal(await node.round(), 0);
  node.lately = new Set();
  node.knows(false);
  assert.equal(await node.round(), 1);
  assert.deepEqual(node.freed, ['10.244.1.2']);
});

test('a gone Pod\'s sandbox with nobody in it loses its interface after a while, then the address is free', async () => {
  using node = new Node();
  node.plugin.add({ pod: ['a', uids[0]!] });
  node.seen = 'idle';
  assert.equal(await node.round(), 0);
  node.now += idleGraceMs - 1;
  assert.equal(await node.round(), 0);
  assert.deepEqual(node.taken, []);
  node.now += 1;
  assert.equal(await node.round(), 1);
  assert.deepEqual([node.taken, node.reserved], [['c1'], []]);
});

test('what cannot be taken out keeps its address', async () => {
  using node = new Node();
  node.plugin.add({ pod: ['a', uids[0]!] });
  node.seen = 'idle';
  node.takeOut = () => {
    throw new Error('no nsenter');
  };
  await node.round();
  node.now += idleGraceMs;
  assert.equal(await node.round(), 0);
  assert.deepEqual(node.reserved, ['10.244.1.2']);
});

test('a bare container\'s address is free when its namespace is gone, without anybody being asked', async () => {
  using node = new Node();
  node.plugin.add({ pod: undefined });
  assert.equal(await node.round(), 1);
  assert.deepEqual([node.asked, node.freed, node.reserved], [0, ['10.244.1.2'], []]);
});

test('while the plugin is at work, and while the state is damaged, nothing is touched', async () => {
  using node = new Node();
  node.plugin.add({ pod: ['a', uids[0]!] });
  {
    using _held = lockFile(join(dirname(node.plugin.stateFile), 'lock'), 0);
    assert.equal(await node.round(), 0);
  }
  assert.equal(await node.round(), 1);
  writeFileSync(node.plugin.stateFile, 'damage');
  assert.equal(await node.round(), 0);
});

test('no network yet: nothing to do', async () => {
  using node = new Node();
  assert.equal(await node.round(), 0);
});

test('after 20 power cuts of a node with a /27, exactly the addresses of its Pods are reserved', async () => {
  using node = new Node();
  const range = { ranges: [[{ subnet: '10.244.1.0/27' }]] };
  const pods = new Map(Array.from({ length: 20 }, (_, index) => [`p${index}`, randomUUID()]));
  const addresses = new Map<string, string>();
  for (let cut = 0; cut < 20; cut += 1) {
    // The namespaces went with the power. Of half of the sandboxes the runtime remembers enough for a DEL, before the new one or after it.
    for (const [name, uid] of pods) {
      if (cut > 0 && cut % 3 === 1) node.plugin.result('DEL', { container: `${name}-${cut - 1}`, ipam: range });
      const address = node.plugin.add({ container: `${name}-${cut}`, pod: [name, uid], ipam: range });
      assert.equal(address, addresses.get(uid) ?? address, `${name} after ${cut} power cuts`);
      addresses.set(uid, address);
      if (cut > 0 && cut % 3 === 2) node.plugin.result('DEL', { container: `${name}-${cut - 1}`, ipam: range });
    }
    // Two of them are replaced under other names, as a Deployment's.
    for (const name of [...pods.keys()].slice(0, 2)) pods.delete(name);
    for (const index of [0, 1]) pods.set(`n${cut}-${index}`, randomUUID());
    node.knows(true, ...pods.values());
    await node.round();
  }
  const left = node.plugin.state.reservations.map(({ owner }) => (owner as { pod: { uid: string } }).pod.uid);
  // The last two have not been added yet.
  assert.deepEqual(left.sort(), [...pods.values()].slice(0, 18).sort());
});
