import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as tcpConnect } from 'node:net';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { cut } from '../../tunnel/protocol/index.ts';
import { until } from '../../tunnel/testing/until.ts';
import { http1, World } from '../testing/world.ts';

/** A client that asks for another protocol, and what it was told. */
class UpgradeClient {
  readonly socket: TLSSocket;
  head = '';
  received = 0;
  text = '';
  ended = false;
  error: string | undefined;
  closed = false;

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.allowHalfOpen = true;
    socket.on('data', (chunk: Buffer) => {
      if (!this.head.includes('\r\n\r\n')) {
        const all = this.head + chunk.toString('latin1');
        const at = all.indexOf('\r\n\r\n');
        this.head = at < 0 ? all : all.slice(0, at + 4);
        if (at >= 0) this.#body(Buffer.from(all.slice(at + 4), 'latin1'));
      } else this.#body(chunk);
    });
    socket.on('end', () => {
      this.ended = true;
      socket.end();
    }).on('error', (error: NodeJS.ErrnoException) => { this.error = error.code ?? ''; }).on('close', () => { this.closed = true; });
  }

  static async ask(world: World, port: number, headers: Record<string, string>, glued = '', pem?: string): Promise<UpgradeClient> {
    const tcp = tcpConnect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
    const socket = connect({ socket: tcp, host: '127.0.0.1', ca: world.pki.clusterCa.certPem, ALPNProtocols: ['http/1.1'], ...(pem !== undefined && { cert: pem, key: pem }) });
    const client = new UpgradeClient(socket);
    world.stack.defer(() => void tcp.destroy());
    await once(socket, 'secureConnect');
    const lines = Object.entries({ Host: 'kubernetes', Connection: 'Upgrade', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST /api/v1/namespaces/a/pods/b/exec?command=sh HTTP/1.1\r\n${lines.join('')}\r\n${glued}`);
    return client;
  }

  get status(): string {
    return this.head.split('\r\n')[0]!;
  }

  #body(chunk: Buffer): void {
    this.received += chunk.length;
    if (this.text.length < 100) this.text += chunk.toString('latin1').slice(0, 100);
  }
}

/** Takes it, and sends back what comes; what it says last comes after the client's end. */
const echo = (world: World, protocol = 'SPDY/3.1'): void => {
  world.api.upgrade = (_request, socket, head) => {
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\nX-Stream-Protocol-Version: v5.channel.k8s.io\r\n\r\nglued `);
    if (head.length > 0) socket.write(head);
    socket.pipe(socket, { end: false });
    socket.on('end', () => void socket.end(' the end'));
  };
};

test('another protocol: bytes both ways from the first to the last, also those glued to the heads, and half-closed', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  for (const [protocol, pem] of [['SPDY/3.1', world.nodePem], ['websocket', undefined]] as const) {
    echo(world, protocol);
    const client = await UpgradeClient.ask(world, hub.front.port(), { Upgrade: protocol, 'Sec-WebSocket-Protocol': 'v5.channel.k8s.io', Authorization: 'Bearer abc', 'X-Remote-User': 'root' }, 'early', pem);
    await until('it is accepted', () => client.status === 'HTTP/1.1 101 Switching Protocols');
    assert.match(client.head, new RegExp(`\\r\\nupgrade: ${protocol}\\r\\n`, 'i'));
    assert.match(client.head, /\r\nx-stream-protocol-version: v5\.channel\.k8s\.io\r\n/);
    await until('what was glued is here', () => client.text === 'glued early');
    client.socket.write(Buffer.alloc(20 << 20));
    client.socket.end();
    await until('all is here', () => client.closed);
    assert.deepEqual([client.received, client.ended, client.error], [(20 << 20) + 'glued early the end'.length, true, undefined]);
    const { request, certificate } = world.api.upgraded.at(-1)!;
    assert.deepEqual([request.method, request.url], ['POST', '/api/v1/namespaces/a/pods/b/exec?command=sh']);
    assert.deepEqual([certificate, request.headers.authorization, request.headers['x-remote-user'], request.headers.upgrade], pem ? ['system:node:edge-1', undefined, undefined, protocol] : ['', 'Bearer abc', undefined, protocol]);
  }
  await until('nothing is left', () => world.api.upgraded.every(({ socket }) => socket.destroyed));
});

test('an upgrade that is refused is answered, with the reason', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  const client = await UpgradeClient.ask(world, hub.front.port(), { Upgrade: 'SPDY/3.1' });
  await until('it is answered', () => client.closed);
  assert.deepEqual([client.status, client.text, client.ended], ['HTTP/1.1 403 Forbidden', 'no', true]);
  const { certPem, keyPem } = await world.pki.node('edge-2');
  const other = await UpgradeClient.ask(world, hub.front.port(), { Upgrade: 'SPDY/3.1' }, '', certPem + keyPem);
  await until('it is answered', () => other.closed);
  assert.match(`${other.status} ${other.text}`, /^HTTP\/1.1 403 Forbidden .*"kind":"Status"/);
  assert.equal(world.api.upgraded.length, 1);
  // What is no protocol that Kubernetes has is an ordinary request.
  assert.equal((await http1(hub.front.port(), world.pki.clusterCa.certPem, '/x', { headers: { connection: 'Upgrade', upgrade: 'h2c' } })).status, 200);
});

test('another protocol is not begun behind a request that is not answered yet, or with a body: such a request is an ordinary one', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  const { pki: { clusterCa } } = world;
  const open: { answer: () => void }[] = [];
  world.api.answer = ({ stream }) => void open.push({ answer: () => {
    stream.respond({ ':status': 200, 'content-length': '2' });
    stream.end('ok');
  } });
  const head = 'POST /api/v1/exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n';
  for (const [requests, text] of [[2, `GET /a HTTP/1.1\r\nHost: x\r\n\r\n${head}\r\n`], [1, `${head}Content-Length: 5\r\n\r\nhello`], [1, `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`]] as const) {
    open.length = 0;
    const socket = connect({ port: hub.front.port(), host: '127.0.0.1', ca: clusterCa.certPem, ALPNProtocols: ['http/1.1'] });
    world.stack.defer(() => void socket.destroy());
    let said = '';
    socket.on('data', (chunk: Buffer) => { said += chunk.toString(); }).on('error', () => {});
    await once(socket, 'secureConnect');
    socket.write(text);
    await until('all have come', () => open.length === requests);
    for (const { answer } of open) answer();
    await until('all are answered', () => said.split('\r\n\r\nok').length === requests + 1);
    // Once that is answered, it is as on any connection.
    world.api.upgrade = (_request, upgraded) => void upgraded.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n');
    socket.write(`${head}Content-Length: 0\r\n\r\n`);
    await until('it is switched', () => said.includes('HTTP/1.1 101 '));
  }
});

test('a break on one side breaks the other, and a client that goes early is told of upstream', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  echo(world);
  const one = await UpgradeClient.ask(world, hub.front.port(), { Upgrade: 'SPDY/3.1' });
  await until('it is open', () => one.text === 'glued ');
  cut(world.api.upgraded[0]!.socket);
  await until('the client is told', () => one.closed);
  const two = await UpgradeClient.ask(world, hub.front.port(), { Upgrade: 'SPDY/3.1' });
  await until('it is open', () => two.text === 'glued ');
  two.socket.destroy();
  await until('the API server is told', () => world.api.upgraded[1]!.socket.destroyed);
  world.api.upgrade = (_request, socket) => void socket.on('end', () => socket.end()).resume();
  const three = await UpgradeClient.ask(world, hub.front.port(), { Upgrade: 'SPDY/3.1' });
  await until('it has come', () => world.api.upgraded.length === 3);
  three.socket.destroy();
  await until('the API server is told', () => world.api.upgraded[2]!.socket.destroyed);
});

test('cut off: what is open is broken, what is not answered yet is told, and so is what comes', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  echo(world);
  const open = await UpgradeClient.ask(world, hub.front.port(), { Upgrade: 'SPDY/3.1' });
  await until('it is open', () => open.text === 'glued ');
  world.api.upgrade = () => {};
  const waiting = await UpgradeClient.ask(world, hub.front.port(), { Upgrade: 'websocket' });
  await until('it has come', () => world.api.upgraded.length === 2);
  world.wan.silence();
  await until('both are told', () => open.closed && waiting.closed);
  assert.deepEqual([open.ended, open.error], [false, 'ECONNRESET']);
  assert.match(waiting.status, /^HTTP\/1.1 504 /);
  const later = await UpgradeClient.ask(world, hub.front.port(), { Upgrade: 'websocket' });
  await until('it is told', () => later.closed);
  assert.match(`${later.status} ${later.text}`, /^HTTP\/1.1 503 .*"kind":"Status"/);
});

test('a client that does not read holds the API server up, and not this process', async () => {
  await using world = await World.create();
  const hub = await world.connectedHub();
  world.api.upgrade = (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n');
    socket.write(Buffer.alloc(200 << 20));
  };
  const client = await UpgradeClient.ask(world, hub.front.port(), { Upgrade: 'SPDY/3.1' });
  await until('it is open', () => client.head.includes('\r\n\r\n'));
  client.socket.pause();
  const { socket } = world.api.upgraded[0]!;
  let before = -1;
  await until('it stands still', async () => {
    if (before === socket.bytesWritten - socket.writableLength) return true;
    before = socket.bytesWritten - socket.writableLength;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return false;
  });
  assert.ok(socket.writableLength > 100 << 20, `${socket.writableLength} bytes are still there`);
  client.socket.destroy();
});
