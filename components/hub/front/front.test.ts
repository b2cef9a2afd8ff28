import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as tcpConnect, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { createAuthority } from '../../../core/pki.ts';
import { until } from '../../tunnel/testing/until.ts';
import { valueOf } from '../../tunnel/testing/world.ts';
import { json, type Arrived } from '../testing/api-server.ts';
import { HubPki } from '../testing/pki.ts';
import { http1, quick, World } from '../testing/world.ts';
import { frontCredentials, servingFiles } from './index.ts';

const token = `x.${Buffer.from(JSON.stringify({ sub: 'system:serviceaccount:kube-system:coredns', 'kubernetes.io': { pod: { uid: 'u' } } })).toString('base64url')}.y`;

const echo = ({ stream, method, body }: Arrived): void => {
  stream.on('end', () => {
    stream.respond({ ':status': 201, 'content-type': 'application/json' });
    stream.end(json({ method, body: body().toString() }));
  });
};

test('requests go upstream as who sent them, over HTTP/2 and HTTP/1.1', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  const port = hub.front.port();
  const ca = world.pki.clusterCa.certPem;
  world.api.answer = echo;
  const clients = {
    node: [world.nodePem, {}],
    token: [undefined, { authorization: `Bearer ${token}` }],
    anonymous: [undefined, {}],
  } as const;
  for (const [who, [certificate, headers]] of Object.entries(clients)) {
    const path = `/api/v1/pods?limit=5&who=${who}`;
    const two = await world.client(port, certificate).get(path, { ...headers, accept: 'application/vnd.kubernetes.protobuf' });
    const one = await http1(port, ca, path, { headers, ...(certificate && { certificate }) });
    assert.deepEqual([two.status, two.body.toString(), two.end], [201, '{"method":"GET","body":""}', 'whole']);
    assert.deepEqual([one.status, one.body, one.complete], [201, '{"method":"GET","body":""}', true]);
    const arrived = world.api.of(path);
    assert.deepEqual(arrived.map((request) => request.certificate), Array(2).fill(who === 'node' ? 'system:node:edge-1' : ''));
    assert.deepEqual(arrived.map((request) => request.headers['authorization']), Array(2).fill(who === 'token' ? `Bearer ${token}` : undefined));
    assert.equal(arrived[0]!.headers['accept'], 'application/vnd.kubernetes.protobuf');
  }
  const posted = await world.client(port, world.nodePem).get('/api/v1/nodes', {}, Buffer.from('a node'));
  assert.equal(posted.body.toString(), '{"method":"POST","body":"a node"}');
  const posted1 = await http1(port, ca, '/api/v1/nodes', { method: 'POST', body: Buffer.from('a node') });
  assert.equal(posted1.body, '{"method":"POST","body":"a node"}');
  const head = await world.client(port).get('/version', { ':method': 'HEAD' });
  assert.deepEqual([head.status, head.end], [201, 'whole']);
});

test('a client that goes leaves nothing behind upstream: whatever it says, and whether or not all of its answer has come', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  world.api.answer = ({ stream, path }) => {
    stream.respond({ ':status': 200 });
    if (path === '/watch') stream.write('one');
    else stream.end(Buffer.alloc(350_000));
  };
  const client = world.client(hub.front.port());
  for (const path of ['/watch', '/list']) for (const code of [0, 8]) {
    const stream = client.session.request({ ':path': path }, { endStream: true });
    stream.on('error', () => {});
    await once(stream, 'response');
    stream.pause();
    if (path === '/list') await until('all of it has been sent', () => world.api.of(path).at(-1)!.stream.closed);
    // What comes behind it on the same session has come: so has it.
    await world.client(hub.front.port()).get('/list?behind');
    stream.close(code);
    await until(`nothing is left of ${path} ended by ${code}`, () => hub.link.count('bare').streams === 0);
  }
});

test('nobody gets the node\'s rights: not another node, not an admin, not a stranger, and not by headers', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  const port = hub.front.port();
  const pem = ({ certPem, keyPem }: { certPem: string; keyPem: string }): string => certPem + keyPem;
  await using elsewhere = await HubPki.create();
  const { clusterCa } = world.pki;
  // A certificate of the cluster that is not this node's: its key is not here, so nothing can be sent on for it.
  for (const certificate of [pem(await world.pki.node('edge-2')), pem(await clusterCa.issue({ commonName: 'kubernetes-admin', organizations: ['system:masters'], client: true })), pem(await clusterCa.issue({ commonName: 'system:node:edge-1', client: true }))]) {
    const told = await world.client(port, certificate).get('/api/v1/secrets', { authorization: `Bearer ${token}` });
    assert.equal(told.status, 403);
    assert.match(JSON.parse(told.body.toString()).message, /^edge-hub: the key of "(system:node:edge-[12]|kubernetes-admin)" is not on this node/);
  }
  assert.equal(world.api.arrived.length, 0);
  // One that the cluster has not signed, or not for clients, counts for nothing.
  for (const certificate of [pem(await elsewhere.node('edge-1')), pem(await clusterCa.issue({ commonName: 'system:node:edge-1', organizations: ['system:nodes'], server: true }))]) {
    const told = await world.client(port, certificate).get('/api/v1/secrets', { 'x-remote-user': 'system:masters', 'x-remote-group': 'system:masters', 'x-remote-extra-a': 'b' });
    assert.equal(told.status, 200);
  }
  // As the node, asking to be somebody else: the API server decides.
  await world.client(port, world.nodePem).get('/api/v1/secrets', { 'impersonate-user': 'admin', 'impersonate-group': ['a', 'b'], authorization: 'Bearer other', 'x-remote-user': 'x' });
  const [first, second, third] = world.api.arrived;
  for (const { certificate, headers } of [first!, second!]) assert.deepEqual([certificate, Object.keys(headers).filter((name) => name.startsWith('x-remote'))], ['', []]);
  assert.deepEqual([third!.certificate, { ...third!.headers }], ['system:node:edge-1', { 'impersonate-user': 'admin', 'impersonate-group': ['a', 'b'] }]);
});

test('a certificate that ends while its connection lives counts no longer', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  const { certPem, keyPem } = await world.pki.clusterCa.issue({ commonName: 'system:node:edge-1', organizations: ['system:nodes'], client: true, notAfter: new Date(Date.now() + 2000) });
  const client = world.client(hub.front.port(), certPem + keyPem);
  await client.get('/before');
  await until('it has ended', async () => {
    await client.get('/after');
    return world.api.of('/after').at(-1)!.certificate === '';
  });
  assert.equal(world.api.of('/before')[0]!.certificate, 'system:node:edge-1');
});

test('what concerns one connection stays there, and what means two things is refused', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  const ca = world.pki.clusterCa.certPem;
  const told = await http1(hub.front.port(), ca, '/x', { headers: { connection: 'close, x-mine', 'x-mine': '1', te: 'trailers', 'proxy-authorization': 'x', 'x-other': '2' } });
  assert.equal(told.status, 200);
  assert.deepEqual({ ...world.api.arrived[0]!.headers }, { 'x-other': '2' });
  assert.equal((await http1(hub.front.port(), ca, '/y', { headers: { Authorization: ['Bearer a', 'Bearer b'] } })).status, 400);
  assert.equal(world.api.arrived.length, 1);
});

test('headers that come twice go on twice, either way', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  world.api.answer = ({ stream }) => {
    stream.respond({ ':status': 200, 'x-content-type-options': ['nosniff', 'nosniff'], warning: ['299 - "a"', '299 - "b"'], 'retry-after': '1', 'audit-id': 'x', 'x-kubernetes-pf-flowschema-uid': 'y' } as never);
    stream.end('twice');
  };
  const raw: string[] = [];
  const stream = world.client(hub.front.port()).session.request({ ':path': '/x', accept: ['a/a', 'b/b'] } as never, { endStream: true });
  stream.on('response', (_headers, _flags, pairs: string[]) => void raw.push(...pairs)).resume();
  await once(stream, 'close');
  assert.deepEqual(raw.filter((_, index) => index % 2 === 0 && !raw[index]!.startsWith(':') && raw[index] !== 'date'), ['x-content-type-options', 'x-content-type-options', 'warning', 'warning', 'retry-after', 'audit-id', 'x-kubernetes-pf-flowschema-uid']);
  assert.equal((await http1(hub.front.port(), world.pki.clusterCa.certPem, '/y', { headers: { 'user-agent': ['a', 'b'], 'content-type': ['a/a', 'b/b'] } })).body, 'twice');
  assert.deepEqual([world.api.of('/x')[0]!.headers['accept'], world.api.of('/y')[0]!.headers['user-agent'], world.api.of('/y')[0]!.headers['content-type']], [['a/a', 'b/b'], ['a', 'b'], ['a/a', 'b/b']]);
});

test('nobody is taken for the bearer of a token that the API server does not see', async () => {
  await using world = await World.create();
  const seen: string[] = [];
  const hub = await world.connectedHub({ hooks: { plan: ({ identity, headers }) => void seen.push(`${identity.kind} ${headers['authorization'] as string}`) } });
  const ca = world.pki.clusterCa.certPem;
  const bearer = `Bearer ${token}`;
  for (const headers of [
    { Connection: 'keep-alive, AUTHORIZATION', Authorization: bearer },
    { Authorization: `Bearer  ${token}` },
    { 'Sec-WebSocket-Protocol': `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`, Upgrade: 'websocket' },
  ]) await http1(hub.front.port(), ca, '/api/v1/secrets', { headers });
  assert.deepEqual(seen, ['anonymous undefined', `anonymous Bearer  ${token}`, 'anonymous undefined']);
  assert.deepEqual(world.api.arrived.map(({ headers }) => headers['authorization']), [undefined, `Bearer  ${token}`, undefined]);
});

test('a watch: its head at once, each event as it comes, its end and its break as they are', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  const port = hub.front.port();
  let stream: Arrived['stream'] | undefined;
  world.api.answer = (request) => {
    stream = request.stream;
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
  };
  const client = world.client(port, world.nodePem);
  for (const end of ['ends', 'breaks'] as const) {
    const told = client.ask('/api/v1/pods?watch=true');
    await until('its head is here', () => told.status === 200);
    for (const event of ['one', 'two']) {
      stream!.write(`${event}\n`);
      await until(`${event} is here`, () => told.body.toString().endsWith(`${event}\n`));
    }
    if (end === 'ends') stream!.end();
    else stream!.destroy(new Error('broken'));
    await until('its end is here', () => told.end !== undefined);
    assert.equal(told.end, end === 'ends' ? 'whole' : 'ERR_HTTP2_STREAM_ERROR');
  }
  const broken = http1(port, world.pki.clusterCa.certPem, '/api/v1/pods?watch=true');
  await until('it has come', () => world.api.arrived.length === 3);
  stream!.write('one\n');
  setImmediate(() => stream!.destroy(new Error('broken')));
  assert.equal((await broken).complete, false);
  // A client that goes is told upstream.
  const gone = client.ask('/api/v1/pods?watch=true&x');
  await until('it is open', () => gone.status === 200);
  gone.stream.close(8);
  await until('the API server knows', () => stream!.closed);
  assert.equal(stream!.rstCode, 8);
  await until('nothing is left', () => hub.link.count('node').streams === 0);
});

test('a client that does not read makes nobody hold what it does not read, and holds up nobody', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  let sent = 0;
  world.api.answer = ({ stream, path }) => {
    stream.respond({ ':status': 200 });
    if (path === '/small') return void stream.end('small');
    const chunk = Buffer.alloc(64 * 1024);
    const more = (): void => {
      while (!stream.destroyed && sent < 200 << 20) {
        sent += chunk.length;
        if (!stream.write(chunk)) return void stream.once('drain', more);
      }
    };
    more();
  };
  const client = world.client(hub.front.port());
  const stream = client.session.request({ ':path': '/big' }, { endStream: true });
  stream.on('error', () => {});
  await once(stream, 'response');
  stream.pause();
  let before = -1;
  await until('it stands still', async () => {
    if (before === sent) return true;
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return false;
  });
  assert.ok(sent < 8 << 20, `${sent} bytes are on the way`);
  assert.equal((await client.get('/small')).body.toString(), 'small');
  stream.close(8);
});

test('clients that read none of a hundred answers each make this process hold a bounded part of them, and none may have more than 200 under way', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub({ timings: { ...quick, dialMs: 5000, pongWithinMs: 5000 } });
  const sent = new Map<string, number>();
  world.api.answer = ({ stream, path }) => {
    stream.respond({ ':status': 200 });
    const chunk = Buffer.alloc(16 * 1024);
    const more = (): void => {
      do sent.set(path, (sent.get(path) ?? 0) + chunk.length);
      while (stream.write(chunk));
      stream.once('drain', more);
    };
    if (path.startsWith('/big')) more();
  };
  const client = world.client(hub.front.port());
  const as = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });
  for (let count = 0; count < 100; count += 1) client.session.request({ ':path': `/big/${count}`, ...as('a') }, { endStream: true }).on('error', () => {}).pause();
  const total = (): number => sent.values().reduce((sum, bytes) => sum + bytes, 0);
  let before = -1;
  await until('they stand still', async () => {
    if (sent.size === 100 && before === total()) return true;
    before = total();
    await new Promise((resolve) => setTimeout(resolve, 100));
    return false;
  });
  assert.ok(before < 100 * 512 * 1024, `${before} bytes are on the way`);
  const others = Array.from({ length: 101 }, (_, index) => client.ask(`/small/${index}`, as('a')));
  await until('all are answered', () => others.every(({ status }) => status !== 0));
  assert.deepEqual([others[99]!.status, others[100]!.status, others[100]!.headers['retry-after']], [200, 429, '1']);
  const [another, node] = [client.ask('/small', as('b')), world.client(hub.front.port(), world.nodePem)];
  const watches = Array.from({ length: 220 }, (_, index) => node.ask(`/small/node/${index}`));
  await until('all others have their answers', () => another.status === 200 && watches.every(({ status }) => status === 200));
  others[0]!.stream.close(8);
  await until('there is room again', () => hub.link.count('bare').streams === 200);
  const next = client.ask('/small', as('a'));
  await until('it is answered', () => next.status === 200);
});

test('uploads: small ones whole, big ones as they come, and no more than the client sends', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  world.api.answer = echo;
  const client = world.client(hub.front.port());
  const big = Buffer.alloc(6 << 20, 'x');
  const told = await client.get('/api/v1/namespaces/a/pods/b/proxy/', {}, big);
  assert.equal(told.status, 201);
  assert.equal(world.api.arrived[0]!.body().length, big.length);
  // One that breaks off in the middle must not pass for a whole one.
  const stream = client.session.request({ ':path': '/api/v1/namespaces/a/pods/b/proxy/half', ':method': 'POST' });
  stream.on('error', () => {});
  stream.write('half');
  await until('half is there', () => world.api.arrived[1]?.body().toString() === 'half');
  stream.destroy(new Error('gone'));
  await until('the API server is told', () => world.api.arrived[1]!.stream.closed);
  assert.equal(world.api.arrived[1]!.bodyEnded(), false);
});

test('an upload that is answered before its end: the client gets the answer, over either protocol', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  const port = hub.front.port();
  const refusal = json({ kind: 'Status', code: 403, message: 'x'.repeat(100_000) });
  // As Go does: the answer, and then that the rest is not wanted.
  world.api.answer = ({ stream }) => {
    stream.respond({ ':status': 403, 'content-type': 'application/json' });
    stream.end(refusal, () => void stream.close(0));
  };
  const chunk = Buffer.alloc(64 * 1024, 'x');
  for (let count = 0; count < 3; count += 1) {
    const client = world.client(port, world.nodePem);
    const two = client.ask('/api/v1/namespaces/a/pods', { ':method': 'POST' }, undefined, Readable.from(Array(100).fill(chunk)));
    await until('it is told', () => two.end !== undefined);
    assert.deepEqual([two.status, two.body.length, two.end], [403, refusal.length, 'whole']);
    const one = await http1(port, world.pki.clusterCa.certPem, '/api/v1/namespaces/a/pods', { method: 'POST', body: Buffer.concat(Array(100).fill(chunk)) });
    assert.deepEqual([one.status, one.body.length, one.complete], [403, refusal.length, true]);
  }
  await until('nothing is left upstream', () => hub.link.count('bare').streams + hub.link.count('node').streams === 0);
});

test('cut off: every client is told so at once, in words, and never with an empty answer', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  const client = world.client(hub.front.port(), world.nodePem);
  world.api.answer = () => {};
  const writing = client.ask('/api/v1/namespaces/a/pods', {}, Buffer.from('{}'));
  const reading = client.ask('/api/v1/pods');
  await until('both have come', () => world.api.arrived.length === 2);
  world.wan.silence();
  await until('both are told', () => writing.end !== undefined && reading.end !== undefined);
  const wrote = JSON.parse(writing.body.toString());
  assert.deepEqual([writing.status, wrote.kind, wrote.reason, wrote.code], [504, 'Status', 'Timeout', 504]);
  assert.match(wrote.message, /; whether the request was carried out is not known$/);
  assert.deepEqual([reading.status, JSON.parse(reading.body.toString()).reason], [503, 'ServiceUnavailable']);
  await until('it is known', () => hub.state.kind === 'cutOff');
  const later = await client.get('/api/v1/nodes', {}, Buffer.from('{}'));
  assert.match(JSON.parse(later.body.toString()).message, /^edge-hub: this node is cut off from the API server since .*; nothing was done$/);
  const one = await http1(hub.front.port(), world.pki.clusterCa.certPem, '/api/v1/nodes');
  assert.equal(one.status, 503);
  assert.equal(hub.notReady, undefined);
});

test('limits: slow handshakes, slow heads, heads that are too large, idle connections', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub({ limits: { handshakeMs: 200, headersMs: 200, idleMs: 300, maxHeaderBytes: 8192 } });
  const port = hub.front.port();
  const ca = world.pki.clusterCa.certPem;
  const closes = async (what: string, socket: ReturnType<typeof tcpConnect>): Promise<string> => {
    let said = '';
    let closed = false;
    socket.on('data', (chunk) => { said += chunk.toString(); }).on('error', () => {}).on('close', () => { closed = true; });
    await until(what, () => closed);
    return said;
  };
  await closes('who never shakes hands is cut off', tcpConnect(port, '127.0.0.1'));
  const slow = connect({ port, host: '127.0.0.1', ca });
  await once(slow, 'secureConnect');
  slow.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  assert.match(await closes('who never finishes its head is told', slow), /^HTTP\/1.1 408 /);
  assert.match(await closes('who has too much of it is told', connect({ port, host: '127.0.0.1', ca }).on('secureConnect', function (this: ReturnType<typeof connect>) { this.write(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(10_000)}\r\n\r\n`); })), /^HTTP\/1.1 431 /);
  const client = world.client(port);
  // The limit holds from the client's own word that it knows it.
  assert.equal((await client.get('/x')).status, 200);
  const long = client.ask('/x', { 'x-long': 'x'.repeat(20_000) });
  await until('over HTTP/2 too', () => long.end !== undefined);
  assert.notEqual(long.status, 200);
  // A watch is not idle, however long it is silent.
  world.api.answer = ({ stream }) => stream.respond({ ':status': 200 });
  const watcher = world.client(port);
  const watch = watcher.ask('/watch');
  await until('it is open', () => watch.status === 200);
  const idle = world.client(port);
  const over = once(idle.session, 'close');
  await over;
  assert.equal(watch.end, undefined);
  assert.equal(watcher.session.destroyed, false);
  assert.ok(world.logs.some(({ msg }) => msg === 'handshake failed'));
});

test('a certificate that is replaced, and an authority of clients, are used for what comes next', async () => {
  await using world = await World.create();
  const { pki } = world;
  const credentials = frontCredentials(servingFiles({ cert: pki.path('serving.crt'), key: pki.path('serving.key') }, () => {}), pki.path('ca.crt'), () => {});
  const hub = await world.connectedHub({ refreshMs: 20, frontCredentials: credentials });
  const before = world.client(hub.front.port());
  assert.equal((await before.get('/a')).status, 200);
  const next = await createAuthority({ commonName: 'next' });
  const { certPem, keyPem } = await next.issue({ commonName: 'edge-hub', ipAddresses: ['127.0.0.1'], server: true });
  await pki.write('serving.crt', certPem);
  await pki.write('serving.key', keyPem);
  await until('the new one is shown', async () => await http1(hub.front.port(), next.certPem, '/b').then(({ status }) => status === 200, () => false));
  assert.equal((await before.get('/c')).status, 200);
});

test('an address that comes late is listened on when it comes', async () => {
  await using world = await World.create();
  const taken = createServer();
  await once(taken.listen(0, '127.0.0.1'), 'listening');
  const { port } = taken.address() as { port: number };
  const hub = await world.connectedHub({ listen: [{ host: '127.0.0.1', port: 0 }, { host: '127.0.0.1', port }] });
  assert.match(hub.notReady ?? '', /^not listening on 127\.0\.0\.1:\d+$/);
  assert.equal((await world.client(hub.front.port()).get('/a')).status, 200);
  taken.close();
  await until('it is listened on', () => hub.notReady === undefined);
  assert.equal((await world.client(port).get('/a')).status, 200);
  assert.equal(world.logs.filter(({ msg }) => msg === 'trouble with a listener').length, 1);
});

test('a token is in no log and in no metric', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  await world.client(hub.front.port()).get('/api/v1/services', { authorization: `Bearer ${token}` });
  await world.client(hub.front.port()).get('/api/v1/services?watch=true', { authorization: 'Bearer abcdefgh' });
  world.wan.down();
  await until('it is cut off', () => hub.state.kind === 'cutOff');
  await world.client(hub.front.port()).get('/api/v1/services', { authorization: `Bearer ${token}` });
  const said = JSON.stringify(world.logs) + (await hub.metrics.metrics());
  assert.ok(!said.includes(token) && !said.includes('abcdefgh') && !said.includes(token.split('.')[1]!));
  const clients = world.logs.filter(({ msg }) => msg === 'request over').map(({ client, outcome }) => `${client as string} ${outcome as string}`);
  assert.match(clients.join(', '), /^system:serviceaccount:kube-system:coredns answered, token [0-9a-f]{8} answered, system:serviceaccount:kube-system:coredns unanswered$/);
  assert.equal(await valueOf(hub as never, 'edge_hub_requests_total', { class: 'read', outcome: 'answered' }), 1);
  assert.equal(await valueOf(hub as never, 'edge_hub_requests_total', { class: 'watch', outcome: 'answered' }), 1);
  assert.equal(await valueOf(hub as never, 'edge_hub_link_connected'), 0);
  assert.ok((await valueOf(hub as never, 'edge_hub_link_seconds_since_contact')) < 10);
});
