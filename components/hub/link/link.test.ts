import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { until } from '../../tunnel/testing/until.ts';
import { ApiServer, json, type Arrived } from '../testing/api-server.ts';
import { HubPki } from '../testing/pki.ts';
import { quick, World } from '../testing/world.ts';
import { defaultTimings, type Link, type LinkAnswer, LinkCredentials, LinkError, type UpstreamRequest } from './index.ts';
import { longestSilenceMs } from './liveness.ts';

const never = new AbortController().signal;
const ask = async (link: Link, path: string, rest: Partial<UpstreamRequest> = {}): Promise<LinkAnswer> => await link.request({ method: 'GET', path, headers: {}, via: 'bare', signal: never, ...rest });

const failsWith = (code: string, mayHaveBeenSeen?: boolean) => (error: unknown): boolean => {
  assert.ok(error instanceof LinkError, String(error));
  assert.equal(error.code, code, error.message);
  if (mayHaveBeenSeen !== undefined) assert.equal(error.mayHaveBeenSeen, mayHaveBeenSeen);
  return true;
};

/** For tests in which nothing is silent: a busy machine must not look like a link that is. */
const patient = { ...quick, dialMs: 5000, pongWithinMs: 5000, firstVerdictMs: 5000 };

/** Begins an answer and leaves it open. */
const begin = ({ stream }: Arrived): void => {
  stream.respond({ ':status': 200 });
  stream.write('begun');
};
const silent = (): void => {};

test('what is promised is the sum of what the parts may take', () => {
  const { pingEveryMs, otherPingEveryMs, owedMs, doubtMs, pongWithinMs, suspicionJitterMs, dialMs, probeEveryMs } = defaultTimings;
  assert.ok(longestSilenceMs(pingEveryMs, owedMs) + doubtMs + dialMs < 9300, 'a link that falls silent');
  assert.ok(longestSilenceMs(otherPingEveryMs, owedMs) + pongWithinMs < 45_000, 'a session that is dead by itself, no later than by Go');
  assert.ok(dialMs + suspicionJitterMs < 4000 && probeEveryMs * 1.25 < 4000, 'a link that is back');
});

test('requests show the certificate that they should, and their answers come whole', async () => {
  await using world = await World.create();
  const { link } = await world.connectedLink();
  world.api.answer = ({ stream }) => {
    stream.respond({ ':status': 200, 'x-two': ['one', 'two'], 'content-type': 'application/json' });
    stream.end(Buffer.alloc(3 << 20, 'x'));
  };
  const node = await ask(link, '/api/v1/nodes?limit=5', { via: 'node', headers: { accept: 'application/json', 'impersonate-group': ['a', 'b'], connection: 'close, x-mine', 'x-mine': '1', te: 'gzip' } });
  assert.equal(node.status, 200);
  assert.deepEqual(node.headers['x-two'], ['one', 'two']);
  assert.equal((await text(node.body)).length, 3 << 20);
  const bare = await ask(link, '/b', { method: 'POST', headers: { authorization: 'Bearer abc', 'content-length': '4' }, body: Buffer.from('body') });
  await text(bare.body);
  const [first, second] = world.api.arrived;
  assert.deepEqual([first!.method, first!.path, first!.certificate], ['GET', '/api/v1/nodes?limit=5', 'system:node:edge-1']);
  assert.deepEqual({ ...first!.headers }, { accept: 'application/json', 'impersonate-group': ['a', 'b'] });
  assert.deepEqual([second!.method, second!.certificate, second!.headers['authorization'], second!.body().toString()], ['POST', '', 'Bearer abc', 'body']);
  assert.deepEqual([link.count('node').sessions, link.count('bare').sessions, link.count('node').streams], [1, 1, 0]);
  assert.ok(Date.now() - link.lastContact!.getTime() < 10_000);
});

for (const [how, status] of [['allowed', 200], ['not allowed', 403], ['not known', 401], ['too often', 429], ['unwell', 500]] as const) {
  test(`an answer is an answer: ${how}`, async () => {
    await using world = await World.create();
    world.api.readyz = ({ stream }) => {
      stream.respond({ ':status': status });
      stream.end('whatever');
    };
    const { states } = await world.connectedLink();
    assert.deepEqual(states.map(({ kind }) => kind), ['connected']);
  });
}

for (const [how, answer, kind] of [
  ['a load balancer\'s page', (status: number) => ({ stream }: Arrived) => { stream.respond({ ':status': status, 'content-type': 'text/html' }); stream.end('<h1>no backend</h1>'); }, 'cutOff'],
  ['a Status', (status: number) => ({ stream }: Arrived) => { stream.respond({ ':status': status }); stream.end(json({ kind: 'Status', code: status })); }, 'connected'],
  ['a Status in protobuf', (status: number) => ({ stream }: Arrived) => { stream.respond({ ':status': status }); stream.end(Buffer.from('k8s\0\n\f\n\x02v1\x12\x06Status', 'latin1')); }, 'connected'],
  ['an answer with an audit\'s id', (status: number) => ({ stream }: Arrived) => { stream.respond({ ':status': status, 'audit-id': 'x' }); stream.end('service unavailable'); }, 'connected'],
  ['a page that never ends', (status: number) => ({ stream }: Arrived) => { stream.respond({ ':status': status }); stream.write('<h1>'); }, 'cutOff'],
] as const) {
  test(`502, 503 and 504 may be somebody else's: ${how}`, async () => {
    await using world = await World.create();
    for (const status of [502, 503, 504]) {
      world.api.readyz = answer(status);
      const { link } = world.link();
      await until('there is a verdict', () => link.state.kind !== 'unknown');
      assert.equal(link.state.kind, kind);
    }
  });
}

test('a load balancer that has lost its backends answers in the middle: cut off, and back', async () => {
  await using world = await World.create();
  const { link, states } = await world.connectedLink();
  const page = ({ stream }: Arrived): void => {
    stream.respond({ ':status': 503 });
    stream.end('no backend');
  };
  // Of the API server itself, about one of its extensions: passed on.
  world.api.answer = page;
  assert.equal(await text((await ask(link, '/apis/metrics.k8s.io/v1beta1/nodes')).body), 'no backend');
  assert.equal(link.state.kind, 'connected');
  world.api.readyz = page;
  await assert.rejects(ask(link, '/api'), failsWith('NOT_THE_API_SERVER', false));
  await assert.rejects(ask(link, '/api', { method: 'POST' }), failsWith('CUT_OFF', false));
  world.api.readyz = ({ stream }) => {
    stream.respond({ ':status': 401 });
    stream.end();
  };
  await until('it is back', () => link.state.kind === 'connected');
  assert.deepEqual(states.map(({ kind }) => kind), ['connected', 'cutOff', 'connected']);
});

/** Something that listens where the API server should be. */
async function impostor(world: World, serve: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => serve(socket.on('error', () => {})));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  world.stack.defer(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** All the ways in which links break; each is given a world with a link that is connected. */
const breaks: Readonly<Record<string, (world: World) => Promise<void>>> = {
  'refused: the API server is gone': async (world) => await world.api[Symbol.asyncDispose](),
  'a black hole: sessions fall silent, and dials hang': async (world) => world.wan.silence(),
  'reset, and every dial too': async (world) => world.wan.down('reset'),
  'ended, and every dial reset': async (world) => world.wan.down('close'),
  'dials are accepted and closed': async (world) => {
    world.wan.leadTo(await impostor(world, (socket) => socket.end()));
    for (const session of world.api.sessions) session.destroy();
  },
  'dials are accepted and nothing is ever said': async (world) => {
    world.wan.leadTo(await impostor(world, () => {}));
    for (const socket of world.api.sockets) socket.destroy();
  },
  'what answers speaks no TLS': async (world) => {
    world.wan.leadTo(await impostor(world, (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    for (const socket of world.api.sockets) socket.destroy();
  },
  'what answers has another authority\'s certificate': async (world) => {
    const other = world.stack.use(await HubPki.create());
    world.wan.leadTo(world.stack.use(await ApiServer.listen(other)).port);
    for (const socket of world.api.sockets) socket.destroy();
  },
  'what answers has another name': async (world) => {
    const { certPem, keyPem } = await world.pki.clusterCa.issue({ commonName: 'x', dnsNames: ['elsewhere'], server: true });
    world.wan.leadTo(world.stack.use(await ApiServer.listen(world.pki, { pair: { cert: certPem, key: keyPem } })).port);
    for (const socket of world.api.sockets) socket.destroy();
  },
};

for (const [how, breakIt] of Object.entries(breaks)) {
  test(`the link breaks: ${how}`, async () => {
    await using world = await World.create();
    const { link, states } = await world.connectedLink();
    world.api.answer = (request) => (request.path === '/watch' ? begin(request) : silent());
    const watch = await ask(link, '/watch', { via: 'node' });
    let broken: unknown;
    watch.body.on('error', (error) => { broken = error; }).resume();
    const writing = ask(link, '/write', { method: 'POST', body: Buffer.from('x') });
    const reading = ask(link, '/read');
    await until('the API server has both', () => world.api.of('/write').length === 1 && world.api.of('/read').length === 1);
    const ends = Promise.allSettled([writing, reading]);
    await breakIt(world);
    await until('it is found', () => link.state.kind === 'cutOff');
    await until('the watch is told', () => broken !== undefined);
    failsWith('BROKEN', true)(broken);
    const [wrote, read] = await ends;
    // Nobody knows what became of the write; the read was tried again, until it was known that there is no use.
    failsWith('BROKEN', true)((wrote as PromiseRejectedResult).reason);
    failsWith((read as PromiseRejectedResult).reason.code === 'UNREACHABLE' ? 'UNREACHABLE' : 'CUT_OFF', false)((read as PromiseRejectedResult).reason);
    await assert.rejects(ask(link, '/more'), failsWith('CUT_OFF', false));
    assert.deepEqual(states.map(({ kind }) => kind), ['connected', 'cutOff']);
    assert.ok(link.state.kind === 'cutOff' && link.state.reason.length > 5);
    // And back.
    const api = how.startsWith('refused') ? world.stack.use(await ApiServer.listen(world.pki)) : world.api;
    world.wan.leadTo(api.port);
    world.wan.up();
    await until('it is back', () => link.state.kind === 'connected');
    api.answer = ({ stream }) => {
      stream.respond({ ':status': 200 });
      stream.end('again');
    };
    assert.equal(await text((await ask(link, '/again')).body), 'again');
    assert.deepEqual(states.map(({ kind }) => kind), ['connected', 'cutOff', 'connected']);
  });
}

const hour = 3_600_000;

test('a link that falls silent is found without waiting for a PING\'s last moment', async () => {
  await using world = await World.create();
  const { link, states } = await world.connectedLink({ timings: { ...quick, pongWithinMs: hour } });
  await ask(link, '/x');
  world.wan.silence();
  await until('it is found', () => link.state.kind === 'cutOff');
  assert.deepEqual(states.map(({ kind }) => kind), ['connected', 'cutOff']);
});

for (const via of ['node', 'bare'] as const) {
  test(`a link that falls silent is found soon when something is asked, however rarely it is by itself: ${via}`, async () => {
    await using world = await World.create();
    const { link } = await world.connectedLink({ timings: { ...quick, pingEveryMs: hour, otherPingEveryMs: hour, pongWithinMs: hour } });
    world.api.answer = begin;
    (await ask(link, '/watch', { via })).body.on('error', () => {}).resume();
    world.wan.silence();
    const asking = new AbortController();
    const asked = assert.rejects(ask(link, '/x', { via, signal: asking.signal }), failsWith('CLIENT_GONE'));
    await until('it is found', () => link.state.kind === 'cutOff');
    asking.abort();
    await asked;
  });
}

/** A way to the API server that can be held up: what was sent comes later, and who dials meanwhile waits. */
async function slowWay(world: World): Promise<{ readonly waiting: () => number; readonly hold: () => void; readonly release: () => void }> {
  const ways = new Map<Socket, Socket>();
  let [held, waiting] = [false, 0];
  const port = await impostor(world, (near) => {
    if (held) return void (waiting += 1);
    const far = connect({ host: '127.0.0.1', port: world.api.port }).on('error', () => {});
    ways.set(near, far);
    near.on('close', () => void far.destroy()).pipe(far).pipe(near);
  });
  world.wan.leadTo(port);
  return {
    waiting: () => waiting,
    hold: () => {
      held = true;
      for (const [near, far] of ways) near.unpipe(far);
    },
    release: () => {
      held = false;
      for (const [near, far] of ways) near.pipe(far);
    },
  };
}

test('a session that answers late after all is link enough, though the dial that its silence led to hangs', async () => {
  await using world = await World.create();
  const way = await slowWay(world);
  const verdicts: (string | undefined)[] = [];
  const { states } = await world.connectedLink({ timings: { ...quick, dialMs: 1000, pongWithinMs: 5000, firstVerdictMs: 5000 }, events: { probed: (reason) => void verdicts.push(reason) } });
  way.hold();
  await until('there is a doubt', () => way.waiting() > 0);
  way.release();
  await until('the doubt has an end', () => verdicts.length === 2);
  assert.deepEqual([verdicts, states.map(({ kind }) => kind), world.api.probes], [[undefined, undefined], ['connected'], 1]);
});

test('a start without a link: requests wait for a verdict, not longer, and probes come one at a time', async () => {
  await using world = await World.create();
  world.wan.silence();
  const { link } = world.link();
  await assert.rejects(ask(link, '/x'), failsWith('CUT_OFF', false));
  assert.match(link.state.kind === 'cutOff' ? link.state.reason : '', /^no answer within/);
  world.wan.up();
  await until('it is there', () => link.state.kind === 'connected');
  assert.equal(await text((await ask(link, '/y')).body), '{"kind":"PodList"}');
  assert.equal(world.api.probes, 1);
});

test('a start with a link: requests wait for it and are answered', async () => {
  await using world = await World.create();
  const { link, states } = world.link();
  assert.equal((await ask(link, '/y')).status, 200);
  assert.deepEqual(states.map(({ kind }) => kind), ['connected']);
});

test('a session that the API server ends is replaced: what is under way goes on, what it did not take up is sent again', async () => {
  await using world = await World.create();
  const { link, states } = await world.connectedLink({ timings: patient });
  world.api.answer = begin;
  const watch = await ask(link, '/watch', { via: 'node' });
  let got = '';
  watch.body.on('data', (chunk: Buffer) => { got += chunk.toString(); });
  const [session] = world.api.sessions;
  session!.goaway(0);
  await until('it is replaced', () => world.api.sessions.size === 2 || link.count('node').sessions === 1);
  world.api.answer = ({ stream }) => {
    stream.respond({ ':status': 200 });
    stream.end('new');
  };
  assert.equal(await text((await ask(link, '/next', { via: 'node' })).body), 'new');
  world.api.of('/watch')[0]!.stream.write(' and goes on');
  await until('the watch goes on', () => got === 'begun and goes on');
  // A stream that is refused is as one that was never sent.
  let refusals = 0;
  world.api.answer = ({ stream }) => {
    refusals += 1;
    if (refusals === 1) return void stream.close(7);
    stream.respond({ ':status': 201 });
    stream.end();
  };
  assert.equal((await ask(link, '/write', { via: 'node', method: 'POST', body: Buffer.from('x') })).status, 201);
  assert.deepEqual(states.map(({ kind }) => kind), ['connected']);
});

test('an API server that is restarted behind its load balancer: reads come through, writes are told the truth, and nobody is cut off', async () => {
  await using world = await World.create();
  const { link, states } = await world.connectedLink({ timings: patient });
  world.api.answer = silent;
  const reading = ask(link, '/read');
  const writing = ask(link, '/write', { method: 'PUT', body: Buffer.from('x') });
  await until('it has both', () => world.api.arrived.length === 2);
  world.wan.leadTo(world.stack.use(await ApiServer.listen(world.pki)).port);
  const ends = Promise.allSettled([reading, writing]);
  for (const socket of world.api.sockets) socket.destroy();
  const [read, write] = await ends;
  assert.equal(read.status, 'fulfilled');
  failsWith('BROKEN', true)((write as PromiseRejectedResult).reason);
  assert.deepEqual(states.map(({ kind }) => kind), ['connected']);
});

test('half an answer never passes for a whole one', async () => {
  await using world = await World.create();
  const { link } = await world.connectedLink();
  for (const how of ['destroyed', 'session', 'socket'] as const) {
    world.api.answer = begin;
    const { body } = await ask(link, `/${how}`);
    let [ended, error] = [false, undefined as unknown];
    body.on('end', () => { ended = true; }).on('error', (cause) => { error = cause; }).resume();
    const { stream } = world.api.of(`/${how}`)[0]!;
    if (how === 'destroyed') stream.destroy(new Error('handler panicked'));
    else if (how === 'session') stream.session!.destroy();
    else stream.session!.socket.destroy();
    await until('it is told', () => error !== undefined || ended);
    assert.equal(ended, false);
    failsWith(how === 'destroyed' ? 'RESET' : 'BROKEN', true)(error);
    await until('the link has settled', () => link.state.kind === 'connected' && link.count('node').sessions === 1);
  }
});

test('whoever goes takes its request along: before the answer, in the middle, and while a session is being opened', async () => {
  await using world = await World.create();
  const { link } = await world.connectedLink();
  world.api.answer = (request) => (request.path === '/begun' ? begin(request) : silent());
  const early = new AbortController();
  const waiting = ask(link, '/early', { signal: early.signal });
  await until('it has come', () => world.api.of('/early').length === 1);
  early.abort();
  await assert.rejects(waiting, failsWith('CLIENT_GONE', true));
  const late = new AbortController();
  const begun = await ask(link, '/begun', { signal: late.signal });
  begun.body.on('error', () => {}).resume();
  late.abort();
  const dropped = await ask(link, '/begun');
  dropped.body.destroy();
  await until('the API server is told', () => world.api.arrived.length === 3 && world.api.arrived.every(({ stream }) => stream.closed));
  assert.deepEqual(world.api.arrived.map(({ stream }) => stream.rstCode), [8, 8, 8]);
  await until('nothing is left', () => link.count('bare').streams === 0);
  // Also of one whose end has come, unread.
  world.api.answer = ({ stream }) => {
    stream.respond({ ':status': 200 });
    stream.end(Buffer.alloc(200_000));
  };
  const whole = await ask(link, '/whole');
  await text((await ask(link, '/behind')).body);
  whole.body.destroy();
  await until('nothing is left', () => link.count('bare').streams === 0);
  const gone = new AbortController();
  gone.abort();
  await assert.rejects(ask(link, '/never', { signal: gone.signal }), failsWith('CLIENT_GONE', false));
});

test('more streams than a session may have: others are opened, and closed when nobody uses them', async () => {
  await using world = await World.create({ maxStreams: 10 });
  const { link } = await world.connectedLink({ timings: patient });
  world.api.answer = begin;
  const answers = await Promise.all(Array.from({ length: 45 }, async (_, index) => await ask(link, `/${index}`)));
  assert.equal(answers.length, 45);
  assert.equal(link.count('bare').sessions, 5);
  assert.equal(link.count('bare').streams, 45);
  for (const { body } of answers) body.destroy();
  await until('one is left', () => link.count('bare').sessions === 1);
  assert.equal(link.state.kind, 'connected');
  // And no more than so many in all.
  const many = await Promise.allSettled(Array.from({ length: 200 }, async (_, index) => await ask(link, `/${index}`)));
  const refused = many.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  assert.equal(refused.length, 40);
  for (const { reason } of refused) failsWith('BUSY', false)(reason);
});

test('sessions that were ended, on a link that then falls silent, are gone with it', async () => {
  await using world = await World.create();
  const { link } = await world.connectedLink();
  world.api.answer = begin;
  const { body } = await ask(link, '/watch');
  world.api.of('/watch')[0]!.stream.session!.goaway(0);
  await ask(link, '/next');
  assert.equal(link.count('bare').sessions, 2);
  world.wan.silence();
  // Its last stream: Node now says goodbye, and waits for an answer.
  body.destroy();
  await until('it is cut off', () => link.state.kind === 'cutOff');
  await until('none is left', () => link.count('bare').sessions + link.count('node').sessions === 0);
});

test('watches on sessions that were ended are broken as soon as the link is found silent, and their sessions are gone', async () => {
  await using world = await World.create();
  const { link } = await world.connectedLink({ timings: { ...quick, otherPingEveryMs: 60_000 } });
  world.api.answer = begin;
  const { body } = await ask(link, '/watch');
  let broken: Error | undefined;
  body.on('error', (error) => void (broken = error)).resume();
  world.api.of('/watch')[0]!.stream.session!.goaway(0);
  await ask(link, '/next');
  assert.equal(link.count('bare').sessions, 2);
  world.wan.silence();
  await until('it is cut off', () => link.state.kind === 'cutOff');
  await until('the watch is broken', () => broken !== undefined);
  await until('none is left', () => link.count('bare').sessions + link.count('node').sessions === 0);
});

test('a session that was ended and whose other end answers keeps its watch, however often it is asked', async () => {
  await using world = await World.create();
  const { link } = await world.connectedLink({ timings: { ...patient, pingEveryMs: 20, otherPingEveryMs: 20 } });
  world.api.answer = begin;
  const { body } = await ask(link, '/watch');
  let broken: Error | undefined;
  body.on('error', (error) => void (broken = error)).resume();
  const session = world.api.of('/watch')[0]!.stream.session!;
  session.goaway(0);
  let questions = 0;
  session.on('remoteSettings', () => void (questions += 1));
  await until('it was asked more often than may be open at a time', () => questions > 12);
  world.api.of('/watch')[0]!.stream.end('whole');
  await once(body, 'end');
  assert.deepEqual([broken, link.state.kind], [undefined, 'connected']);
});

test('sessions that the API server has ended and that watches still hold take nobody\'s room', async () => {
  await using world = await World.create();
  const { link, states } = await world.connectedLink({ timings: patient });
  world.api.answer = begin;
  for (let count = 0; count < 20; count += 1) {
    await ask(link, `/watch/${count}`, { via: 'node' });
    for (const session of world.api.sessions) session.goaway(0);
    await until('there is another one', () => link.count('node').sessions === count + 2 && world.api.probes === count + 2);
  }
  assert.equal((await ask(link, '/next', { via: 'node' })).status, 200);
  assert.equal(link.count('node').streams, 21);
  assert.deepEqual(states.map(({ kind }) => kind), ['connected']);
});

test('clients that have taken all the room there is do not make the link look cut off', async () => {
  await using world = await World.create({ maxStreams: 4 });
  const { link, states } = await world.connectedLink({ timings: patient });
  world.api.answer = begin;
  await Promise.all(Array.from({ length: 64 }, async (_, index) => await ask(link, `/${index}`, { via: 'node' })));
  await assert.rejects(ask(link, '/more', { via: 'node' }), failsWith('BUSY', false));
  const { probes } = world.api;
  // Something speaks against the link.
  await ask(link, '/bare');
  [...world.api.sockets].at(-1)!.destroy();
  await until('it was looked at', () => world.api.probes > probes || link.state.kind !== 'connected');
  assert.deepEqual(states.map(({ kind }) => kind), ['connected']);
});

test('a session that ends under the question whether the API server is there says nothing of the link', async () => {
  await using world = await World.create();
  const { link, states } = await world.connectedLink({ timings: patient });
  const { readyz } = world.api;
  for (const how of ['goes away', 'is lost'] as const) {
    const { probes } = world.api;
    world.api.readyz = ({ stream }) => {
      world.api.readyz = readyz;
      if (how === 'goes away') stream.close(7);
      else [...world.api.sockets].at(-1)!.destroy();
    };
    [...world.api.sockets].at(-1)!.destroy();
    await until('it was asked again', () => world.api.probes === probes + 2 || link.state.kind !== 'connected');
  }
  await until('it is known', () => link.count('node').streams === 0);
  assert.deepEqual(states.map(({ kind }) => kind), ['connected']);
});

test('all sessions fall silent at once, and new ones do not (one of several API servers has crashed): nobody is cut off', async () => {
  await using world = await World.create({ maxStreams: 4 });
  // As by default: a probe has no longer than a PING.
  const { link, states } = await world.connectedLink({ timings: { ...quick, dialMs: 600, pongWithinMs: 600, otherPingEveryMs: 10_000, suspicionJitterMs: 0 } });
  world.api.answer = begin;
  await Promise.all(Array.from({ length: 18 }, async (_, index) => (await ask(link, `/${index}`, { via: 'node' })).body.on('error', () => {}).resume()));
  assert.equal(link.count('node').sessions, 5);
  world.wan.silence();
  world.wan.up();
  await until('all of them are found dead', () => link.count('node').streams === 0);
  assert.equal((await ask(link, '/next', { via: 'node' })).status, 200);
  assert.deepEqual(states.map(({ kind }) => kind), ['connected']);
});

test('a session that lives is link enough, though no new one can be had', async () => {
  await using world = await World.create();
  const { link, states } = await world.connectedLink({ timings: { ...patient, suspicionJitterMs: 0 } });
  world.wan.leadTo(await impostor(world, (socket) => socket.destroy()));
  const { probes } = world.api;
  await assert.rejects(ask(link, '/x'), failsWith('UNREACHABLE', false));
  await until('it was looked at', () => world.api.probes > probes || link.state.kind !== 'connected');
  assert.equal((await ask(link, '/y', { via: 'node' })).status, 200);
  assert.deepEqual(states.map(({ kind }) => kind), ['connected']);
});

test('a big answer that is read slowly holds up nothing else, and a PING behind it finds nobody dead', async () => {
  await using world = await World.create();
  const { link, states } = await world.connectedLink({ timings: patient });
  world.api.answer = ({ stream, path }) => {
    stream.respond({ ':status': 200 });
    stream.end(path === '/big' ? Buffer.alloc(40 << 20) : 'small');
  };
  const big = await ask(link, '/big', { via: 'node' });
  let read = 0;
  const reader = (async () => {
    for await (const chunk of big.body as AsyncIterable<Buffer>) {
      read += chunk.length;
      if (read % (1 << 20) < chunk.length) assert.equal(await text((await ask(link, '/small', { via: 'node' })).body), 'small');
    }
  })();
  await reader;
  assert.equal(read, 40 << 20);
  assert.equal(world.api.sessionCount, 1);
  assert.deepEqual(states.map(({ kind }) => kind), ['connected']);
});

test('a certificate that is renewed is shown by a new session, and what is under way goes on', async () => {
  await using world = await World.create();
  const credentials = world.credentials();
  const { link } = await world.connectedLink({ credentials, refreshMs: 20 });
  world.api.answer = begin;
  const watch = await ask(link, '/watch', { via: 'node' });
  let got = '';
  watch.body.on('data', (chunk: Buffer) => { got += chunk.toString(); });
  await world.pki.writeNode(await world.pki.node('edge-1'));
  await until('there is another session', () => world.api.sessionCount === 2);
  world.api.of('/watch')[0]!.stream.write(', still');
  await until('the watch goes on', () => got === 'begun, still');
  world.api.of('/watch')[0]!.stream.end();
  await until('the old one has ended', () => link.count('node').sessions === 1);
  assert.equal(link.state.kind, 'connected');
});

test('a certificate that cannot be shown at once, because a dial fails, is shown when it can', async () => {
  await using world = await World.create();
  const failures: unknown[] = [];
  const { link } = await world.connectedLink({ credentials: world.credentials(), refreshMs: 20, events: { renewed: (_via, error) => void (error !== undefined && failures.push(error)) } });
  world.wan.leadTo(await impostor(world, (socket) => socket.destroy()));
  await world.pki.writeNode(await world.pki.node('edge-1'));
  await until('it was tried', () => failures.length > 0);
  assert.equal(link.state.kind, 'connected');
  world.wan.leadTo(world.api.port);
  await until('there is another session', () => world.api.sessionCount === 2);
  await until('the old one has ended', () => link.count('node').sessions === 1);
});

test('a node that has no certificate yet is connected with tokens, and gets its own when it comes', async () => {
  await using world = await World.create();
  const pem = await world.pki.node('edge-1');
  await world.pki.write('node.pem', '');
  const reasons: string[] = [];
  const credentials = new LinkCredentials({ ca: world.pki.path('ca.crt'), node: world.pki.path('node.pem'), nodeName: 'edge-1', failed: (reason) => void reasons.push(reason) });
  const { link } = await world.connectedLink({ credentials, refreshMs: 20 });
  assert.equal((await ask(link, '/x')).status, 200);
  await assert.rejects(ask(link, '/x', { via: 'node' }), failsWith('NO_NODE_CERTIFICATE', false));
  await world.pki.writeNode(await world.pki.node('edge-2'));
  await until('another node\'s is not taken', () => reasons.some((reason) => /is that of node edge-2, and this is node edge-1$/.test(reason)));
  await world.pki.writeNode(pem);
  await until('it has come', () => credentials.identity('node') !== undefined);
  assert.equal((await ask(link, '/y', { via: 'node' })).status, 200);
  assert.equal(world.api.of('/y')[0]!.certificate, 'system:node:edge-1');
});

test('a link that is stopped ends all there is, and leaves nothing behind', async () => {
  await using world = await World.create();
  const { link } = await world.connectedLink({ timings: { ...quick, idleMs: 60_000 } });
  world.api.answer = silent;
  const waiting = ask(link, '/x');
  await until('it has come', () => world.api.arrived.length === 1);
  const refused = assert.rejects(waiting);
  await link[Symbol.asyncDispose]();
  await refused;
  await until('all sessions are closed', () => world.api.sockets.size === 0);
});
