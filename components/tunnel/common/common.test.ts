import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { firstWaitMs } from '../agent/agent.ts';
import { AllowList } from '../agent/allow-list.ts';
import { Backoff } from './backoff.ts';
import { formatHostPort, parseHostPort } from './host-port.ts';
import { nodeNameOf } from './node-name.ts';

const bounded = { interruptAfterTimeLimit: 3000, markInterruptAsFailure: false };

test('whatever names a host and a port is read, and said again', () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
  const host = fc.oneof(fc.ipV4(), fc.ipV6().filter((address) => URL.canParse(`http://[${address}]`)), fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.')));
  fc.assert(fc.property(host, fc.integer({ min: 1, max: 65_535 }), (name, port) => {
    assert.deepEqual(parseHostPort(formatHostPort({ host: name, port })), { host: name.toLowerCase(), port });
  }), bounded);
});

test('nothing else is, and never with an exception', () => {
  fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl(), fc.stringMatching(/^[[\]:.a-f0-9%@/ -]*$/)), (text) => {
    const read = parseHostPort(text);
    if (read === undefined) return;
    assert.deepEqual(parseHostPort(formatHostPort(read)), read);
    assert.match(read.host, /^[a-z0-9.:-]+$/);
    assert.ok(read.port >= 1 && read.port <= 65_535);
  }), bounded);
  for (const text of ['', ':80', 'host', 'host:', 'host:0', 'host:65536', 'host:080000', '::1:80', '[host]:80', '[1.2.3.4]:80', 'a b:1', 'user@host:1', 'host:1/', '-a:1', 'a..b:1', '[::1%eth0]:1', 'host:1\n', `${'a'.repeat(254)}:1`]) assert.equal(parseHostPort(text), undefined, text);
});

test('waits are anywhere up to their bound, which doubles up to the cap', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 2000 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (baseMs, capMs, failures, random) => {
    const backoff = new Backoff({ baseMs, capMs, random: () => random });
    let last = 0;
    for (let count = 0; count < failures; count += 1) {
      const wait = backoff.next();
      assert.ok(wait >= last && wait <= capMs * random && Number.isFinite(wait));
      last = wait;
    }
    assert.equal(backoff.failures, failures);
    backoff.reset();
    assert.ok(backoff.next() <= baseMs);
  }), bounded);
  const waits = Array.from({ length: 200 }, () => new Backoff({ baseMs: firstWaitMs, capMs: 2500 }).next());
  assert.ok(Math.min(...waits) < 300 && Math.max(...waits) > 700, 'a thousand agents do not come as one');
});

test('a node is what its certificate says in one way only', () => {
  const of = (subject: object): string | undefined => nodeNameOf({ subject: subject as never });
  assert.equal(of({ CN: 'system:node:edge-1', O: 'system:nodes' }), 'edge-1');
  assert.equal(of({ CN: 'system:node:edge-1', O: ['one', 'system:nodes'] }), 'edge-1');
  for (const subject of [{}, { CN: 'system:node:edge-1' }, { CN: 'system:node:', O: 'system:nodes' }, { CN: ['system:node:a', 'system:node:b'], O: 'system:nodes' }, { CN: 'x system:node:a', O: 'system:nodes' }, { CN: 'system:node:a', O: 'system:nodes2' }, { CN: 'system:node:a', OU: 'system:nodes' }]) assert.equal(of(subject), undefined);
  assert.equal(nodeNameOf({} as never), undefined);
});

test('an agent dials its own kubelet and its own Pods, whatever it is asked', () => {
  const kubelet = { host: '127.0.0.1', port: 10_250 };
  const own = new AllowList({ nodeName: 'edge-1', kubelet, podInterface: 'lo' });
  assert.deepEqual(own.resolve({ host: 'edge-1', port: 10_250 }), kubelet);
  assert.deepEqual(own.resolve({ host: '127.0.0.2', port: 80 }), { host: '127.0.0.2', port: 80 });
  for (const target of ['edge-1:22', 'edge-2:10250', '127.0.0.1:10250', '10.0.0.1:80', '169.254.169.254:80', 'localhost:10250', '0.0.0.0:10250']) assert.equal(own.resolve(parseHostPort(target)!), undefined, target);
  assert.equal(own.resolve({ host: '::1', port: 80 }), undefined);
  // Neither where there is no such bridge (yet), nor where none was named.
  for (const podInterface of ['none-such', undefined]) assert.equal(new AllowList({ nodeName: 'edge-1', kubelet, ...(podInterface && { podInterface }) }).resolve({ host: '127.0.0.2', port: 80 }), undefined);
});
