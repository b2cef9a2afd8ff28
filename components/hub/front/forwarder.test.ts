import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Transform, type Writable } from 'node:stream';
import { test } from 'node:test';
import { until } from '../../tunnel/testing/until.ts';
import type { Arrived } from '../testing/api-server.ts';
import { http1, World } from '../testing/world.ts';
import type { LinkError } from '../link/index.ts';
import { answerStatus, type AnswerTap, type ForwardHooks } from './index.ts';

const parts = ['one ', 'two ', 'three'];
const inParts = ({ stream }: Arrived): void => {
  stream.respond({ ':status': 200, 'content-type': 'text/plain' });
  for (const part of parts) stream.write(part);
  stream.end();
};

test('a recorder sees the head, every byte before the client, and the end before the client\'s', async () => {
  await using world = await World.create();
  const seen: string[] = [];
  const hooks: ForwardHooks = {
    plan: ({ path, identity, impersonates }) => ({
      headers: { accept: 'application/json', 'accept-encoding': undefined },
      answer: (status, headers) => {
        seen.push(`${path} ${identity.kind} ${impersonates} ${status} ${headers['content-type'] as string}`);
        return { piece: (chunk) => void seen.push(chunk.toString()), whole: () => void seen.push('whole'), broken: () => { throw new Error('it is whole'); } };
      },
    }),
  };
  const hub = await world.connectedHub({ hooks });
  world.api.answer = inParts;
  const told = await world.client(hub.front.port(), world.nodePem).get('/x', { accept: 'application/vnd.kubernetes.protobuf', 'accept-encoding': 'gzip', 'impersonate-user': 'a' });
  assert.deepEqual([told.body.toString(), told.end], [parts.join(''), 'whole']);
  assert.equal(seen[0], '/x node true 200 text/plain');
  assert.deepEqual([seen.slice(1, -1).join(''), seen.at(-1)], [parts.join(''), 'whole']);
  const { headers } = world.api.arrived[0]!;
  assert.deepEqual([headers['accept'], headers['accept-encoding']], ['application/json', undefined]);
});

test('an answer is replaced: its head, and its body through a transform, whatever its size', async () => {
  await using world = await World.create();
  const upper = (): Transform => new Transform({ transform: (chunk: Buffer, _encoding, done) => done(null, chunk.toString().toUpperCase()), flush(done) { done(null, '!'); } });
  const hub = await world.connectedHub({ hooks: { plan: () => ({ answer: (_status, headers) => ({ headers: { ...headers, 'x-shown': 'differently' }, through: upper() }) }) } });
  const size = 8 << 20;
  world.api.answer = ({ stream, path }) => {
    stream.respond({ ':status': 200 });
    stream.end(path === '/big' ? Buffer.alloc(size, 'a') : 'small');
  };
  const client = world.client(hub.front.port());
  const small = await client.get('/small');
  assert.deepEqual([small.body.toString(), small.headers['x-shown'], small.end], ['SMALL!', 'differently', 'whole']);
  assert.equal((await client.get('/big')).body.length, size + 1);
  assert.equal((await http1(hub.front.port(), world.pki.clusterCa.certPem, '/small')).body, 'SMALL!');
  // Broken off upstream: not passed for whole by what it goes through.
  world.api.answer = ({ stream }) => {
    stream.respond({ ':status': 200 });
    stream.write('half');
    setImmediate(() => stream.destroy(new Error('broken')));
  };
  assert.equal((await client.get('/half')).end, 'ERR_HTTP2_STREAM_ERROR');
});

test('what an answer goes through fails at its end, or is held up there when the client goes: nobody waits for ever', async () => {
  await using world = await World.create();
  const ends: string[] = [];
  const failing = (): AnswerTap => ({ through: new Transform({ transform: (_chunk, _encoding, done) => done(), flush: (done) => done(new Error('no list')) }), whole: () => void ends.push('whole'), broken: () => ends.push('broken') > 0 });
  const hung = (): AnswerTap => ({ through: new Transform({ transform: (_chunk, _encoding, done) => done(), flush: () => void ends.push('hung') }) });
  const hub = await world.connectedHub({ hooks: { plan: ({ path }) => ({ answer: path === '/hung' ? hung : failing }) } });
  world.api.answer = inParts;
  const client = world.client(hub.front.port());
  assert.equal((await client.get('/two')).end, 'ERR_HTTP2_STREAM_ERROR');
  assert.equal((await http1(hub.front.port(), world.pki.clusterCa.certPem, '/one')).complete, false);
  assert.deepEqual(ends, ['whole', 'whole']);
  const told = client.ask('/hung');
  await until('all of it is here', () => ends.includes('hung'));
  told.stream.close(8);
  await until('it is over', () => world.logs.some(({ path, outcome }) => path === '/hung' && outcome === 'gone'));
});

test('a watch that loses its link stays open for whoever goes on with it, and is told of one whose client has gone', async () => {
  await using world = await World.create();
  const ends: string[] = [];
  let rest: Writable | undefined;
  const tap: AnswerTap = {
    broken: (error, client) => {
      ends.push(error.code);
      rest = client;
      return true;
    },
  };
  const hub = await world.connectedHub({ hooks: { plan: () => ({ answer: () => tap }) } });
  world.api.answer = ({ stream }) => {
    stream.respond({ ':status': 200 });
    stream.write('one\n');
  };
  const client = world.client(hub.front.port());
  const watch = client.ask('/watch');
  await until('it is open', () => watch.body.toString() === 'one\n');
  world.wan.down();
  await until('it is cut off', () => hub.state.kind === 'cutOff' && ends.length === 1);
  rest!.write('from here\n');
  await until('it goes on', () => watch.body.toString() === 'one\nfrom here\n');
  rest!.end();
  await until('it ends', () => watch.end === 'whole');
  world.wan.up();
  await until('it is back', () => hub.state.kind === 'connected');
  const gone = client.ask('/watch');
  await until('it is open', () => gone.status === 200);
  gone.stream.close(8);
  await until('it is told', () => ends.length === 2);
  assert.deepEqual(ends, ['BROKEN', 'CLIENT_GONE']);
});

test('cut off, or lost on the way: the hooks may answer, with the body that was sent', async () => {
  await using world = await World.create();
  const asked: string[] = [];
  const hooks: ForwardHooks = {
    unanswered: async (request, error: LinkError) => {
      asked.push(`${request.method} ${request.path} ${error.code} ${error.mayHaveBeenSeen} ${(await request.readBody(100)).toString()}`);
      if (request.path === '/not-mine') return false;
      answerStatus(request.response, { code: 409, reason: 'AlreadyExists', message: 'it is' });
      return true;
    },
  };
  const hub = await world.connectedHub({ hooks });
  const client = world.client(hub.front.port(), world.nodePem);
  world.api.answer = () => {};
  const lost = client.ask('/lost', {}, Buffer.from('a node'));
  await until('it has come', () => world.api.arrived.length === 1);
  world.wan.down();
  await until('it is answered', () => lost.end !== undefined);
  await until('it is known', () => hub.state.kind === 'cutOff');
  const later = await client.get('/later', {}, Buffer.from('another'));
  const other = await client.get('/not-mine');
  assert.deepEqual([lost.status, later.status, other.status], [409, 409, 503]);
  assert.deepEqual(asked, ['POST /lost BROKEN true a node', 'POST /later CUT_OFF false another', 'GET /not-mine CUT_OFF false ']);
  await until('all is counted', async () => (await hub.metrics.getSingleMetricAsString('edge_hub_requests_total')).includes('class="write",outcome="locally"} 2'));
});

test('what is answered here counts for its client until the answer is over', async () => {
  await using world = await World.create();
  const hooks: ForwardHooks = {
    unanswered: async ({ response }) => {
      response.start(200, {});
      return true;
    },
  };
  const hub = await world.connectedHub({ hooks });
  world.wan.down();
  await until('it is cut off', () => hub.state.kind === 'cutOff');
  const client = world.client(hub.front.port());
  const watches = Array.from({ length: 201 }, (_, index) => client.ask(`/${index}`));
  await until('all are answered', () => watches.every(({ status }) => status !== 0));
  assert.deepEqual([watches[199]!.status, watches[200]!.status], [200, 429]);
  watches[0]!.stream.close(8);
  await until('there is room again', async () => (await client.get('/version', { ':method': 'HEAD' })).status === 200);
});

test('a body whose client has gone before anybody asked for it is told so', async () => {
  await using world = await World.create();
  const asked = Promise.withResolvers<void>();
  let said = '';
  const hooks: ForwardHooks = {
    unanswered: async ({ readBody, signal }) => {
      asked.resolve();
      await once(signal, 'abort');
      await readBody(100).catch((error: NodeJS.ErrnoException) => { said = error.code ?? ''; });
      return true;
    },
  };
  const hub = await world.connectedHub({ hooks });
  world.wan.down();
  await until('it is cut off', () => hub.state.kind === 'cutOff');
  const stream = world.client(hub.front.port()).session.request({ ':path': '/x', ':method': 'POST' }).on('error', () => {});
  await asked.promise;
  stream.close(8);
  await until('it is told', () => said === 'BROKEN_OFF');
});

test('clients that announce bodies and do not send them leave the node\'s requests whole', async () => {
  await using world = await World.create();
  const hooks: ForwardHooks = {
    unanswered: async ({ readBody, response }) => {
      answerStatus(response, { code: 409, reason: 'AlreadyExists', message: (await readBody(100)).toString() });
      return true;
    },
  };
  const hub = await world.connectedHub({ hooks });
  world.api.answer = () => {};
  const other = world.client(hub.front.port());
  for (let count = 0; count < 40; count += 1) other.session.request({ ':path': '/x', ':method': 'POST', 'content-length': String(1 << 20) }).on('error', () => {});
  await once(other.session, 'connect');
  await new Promise((resolve) => other.session.ping(resolve));
  const lost = world.client(hub.front.port(), world.nodePem).ask('/node', {}, Buffer.from('a node'));
  await until('it has come', () => world.api.of('/node').length === 1);
  world.wan.down();
  await until('it is answered', () => lost.end !== undefined);
  assert.match(lost.body.toString(), /"message":"edge-hub: a node"/);
});

test('hooks that throw are an error of the hub, and the client is told', async () => {
  await using world = await World.create();
  const mistake = (): never => {
    throw new Error('a mistake');
  };
  const taps: Readonly<Record<string, () => AnswerTap>> = { '/answer': mistake, '/piece': () => ({ piece: mistake }), '/whole': () => ({ whole: mistake }) };
  const hub = await world.connectedHub({ hooks: { plan: ({ path }) => (path === '/plan' ? mistake() : { answer: taps[path]! }) } });
  world.api.answer = ({ stream }) => {
    stream.respond({ ':status': 200 });
    stream.end(Buffer.alloc(4 << 20));
  };
  const client = world.client(hub.front.port());
  for (const path of ['/plan', '/answer']) {
    const told = await client.get(path);
    assert.deepEqual([told.status, JSON.parse(told.body.toString()).reason], [500, 'InternalError']);
  }
  for (const path of ['/piece', '/whole']) assert.equal((await client.get(path)).end, 'ERR_HTTP2_STREAM_ERROR');
  assert.equal(world.logs.filter(({ msg }) => msg === 'request failed').length, 4);
  await until('nothing is left upstream', () => hub.link.count('bare').streams === 0);
});
