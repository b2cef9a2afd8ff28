import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../tunnel/testing/until.ts';
import { CacheStore } from '../cache/index.ts';
import type { Hub } from '../hub.ts';
import { Memory } from '../memory.ts';
import type { Shown } from '../shown/objects.ts';
import { json, type Arrived } from './api-server.ts';
import { nodeName } from './pki.ts';
import { quick, World, type H2Client } from './world.ts';

export const shown: Shown = { node: nodeName, authority: '-----BEGIN CERTIFICATE-----\nhub\n-----END CERTIFICATE-----\n', address: '169.254.77.1', port: 6444 };
export const pod = (name: string, resourceVersion: string): object => ({ kind: 'Pod', apiVersion: 'v1', metadata: { name, namespace: 'default', uid: `uid of ${name}`, resourceVersion } });
export const event = (type: string, object: object): Buffer => Buffer.concat([json({ type, object }), Buffer.from('\n')]);
export const bookmark = (resourceVersion: string, kind = 'Pod'): Buffer => event('BOOKMARK', { kind, apiVersion: 'v1', metadata: { resourceVersion, annotations: { 'k8s.io/initial-events-end': 'true' } } });
export const initial = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
export const own = `fieldSelector=spec.nodeName%3D${nodeName}`;
/** A ServiceAccount's token. Nobody verifies it but the API server. */
export const jwt = (sub: string, exp = Date.now() / 1000 + 3600): string => ['{"alg":"none"}', JSON.stringify({ sub, exp: Math.floor(exp) }), 'signature'].map((part) => Buffer.from(part).toString('base64url')).join('.');
export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

export interface Stage {
  readonly world: World;
  readonly hub: Hub;
  readonly store: CacheStore;
  readonly memory: Memory;
  /** The node's kubelet. */
  readonly kubelet: H2Client;
  /** Somebody with a token. */
  readonly pods: H2Client;
  cut(): Promise<void>;
  heal(): Promise<void>;
}

/** Here the link is cut by resets, which are found at once: a machine that is busy for a second must not pass for a link that is silent. */
const unhurried = { ...quick, dialMs: 5000, pongWithinMs: 10_000, firstVerdictMs: 5000 };

/** A hub with a memory, between two kinds of clients and an API server that answers what it is told to. */
export async function stage(stack: AsyncDisposableStack, answer: (request: Arrived) => void): Promise<Stage> {
  const world = stack.use(await World.create());
  world.api.answer = answer;
  const folder = stack.use(await mkdtempDisposable(join(tmpdir(), 'edgeproof-memory-')));
  const store = stack.use(await CacheStore.open(join(folder.path, 'cache'), { ownIdentity: `system:node:${nodeName}` }));
  const memory = stack.use(new Memory({ store, nodeName, shown, eventTimings: { spreadMs: 20, betweenMs: 1, retryMs: 50 } }));
  const hub = await world.connectedHub({ hooks: memory, timings: unhurried });
  memory.follow(hub.link);
  const port = hub.front.port();
  const cut = async (): Promise<void> => {
    world.wan.down();
    await until('it is cut off', () => hub.state.kind === 'cutOff');
  };
  const heal = async (): Promise<void> => {
    world.wan.up();
    await until('it is connected', () => hub.state.kind === 'connected');
  };
  return { world, hub, store, memory, kubelet: world.client(port, world.nodePem), pods: world.client(port), cut, heal };
}

export const respond = ({ stream }: Arrived, status: number, body: object | Buffer, type = 'application/json'): void => {
  stream.respond({ ':status': status, 'content-type': type });
  stream.end(Buffer.isBuffer(body) ? body : json(body));
};

/** A watch that goes on. */
export const watching = ({ stream }: Arrived, ...frames: readonly Buffer[]): void => {
  stream.respond({ ':status': 200, 'content-type': 'application/json' });
  stream.write(Buffer.concat(frames));
};

export const framesOf = (body: Buffer): { type: string; object: { metadata: { name?: string; annotations?: object } } }[] =>
  body.toString().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as ReturnType<typeof framesOf>[number]);
