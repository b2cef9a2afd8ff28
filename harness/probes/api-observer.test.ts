import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, test } from 'node:test';
import { createAuthority } from '../../core/pki.ts';
import { waitFor } from '../../core/wait.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeEvent, KubeNode, KubePod } from '../kube/objects.ts';
import { ApiObserver } from './api-observer.ts';

const authority = await createAuthority({ commonName: 'test' });
const pair = await authority.issue({ commonName: 'localhost', dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'], server: true, client: true });

/** An API server that tells of changes as they are given to it, and can go away. */
class Api {
  readonly #server: Server;
  readonly #open = new Map<string, Set<import('node:http').ServerResponse>>();
  watches = 0;
  /** Of these the next watch hangs: nothing comes, and no end. */
  readonly hangs = new Set<string>();
  refuses = false;
  /** What a list of Events has. */
  events: object[] = [];
  /** From which versions watches went on. */
  readonly versions: (string | null)[] = [];

  constructor() {
    this.#server = createServer({ key: pair.keyPem, cert: pair.certPem }, (request, response) => {
      const { pathname: path, searchParams } = new URL(request.url!, 'https://x');
      if (this.refuses) return void request.socket.destroy();
      this.watches += 1;
      this.versions.push(searchParams.get('resourceVersion'));
      response.writeHead(200).flushHeaders();
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '1' } } })}\n`);
      if (!this.hangs.delete(path)) setTimeout(() => {
        this.#open.get(path)?.delete(response);
        response.end();
      }, Number(searchParams.get('timeoutSeconds')) * 1000).unref();
      this.#open.set(path, (this.#open.get(path) ?? new Set()).add(response));
    });
  }

  async listen(): Promise<KubeClient> {
    await new Promise<void>((resolve) => { this.#server.listen(0, '127.0.0.1', resolve); });
    const request = async (_method: string, path: string): Promise<object> => {
      if (this.refuses) throw new Error('refused');
      return { metadata: { resourceVersion: '1' }, items: path.endsWith('/events') ? this.events : [] };
    };
    return { request, server: new URL(`https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`), pem: { ca: authority.certPem, cert: pair.certPem, key: pair.keyPem } } as unknown as KubeClient;
  }

  say(path: string, type: string, object: object): void {
    for (const response of this.#open.get(path) ?? []) response.write(`${JSON.stringify({ type, object })}\n`);
  }

  drop(): void {
    for (const responses of this.#open.values()) for (const response of responses) response.destroy();
    this.#open.clear();
  }

  close(): void {
    this.drop();
    this.#server.close();
  }
}

const api = new Api();
const observer = new ApiObserver(await api.listen());
after(() => {
  observer.stop();
  api.close();
});
const since = Date.now();

const pod = (name: string, changes: Partial<KubePod['status']>, more: Partial<KubePod['metadata']> = {}): KubePod => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'ns', uid: name, resourceVersion: '1', creationTimestamp: new Date().toISOString(), ...more },
  spec: { nodeName: 'dev-worker2', containers: [{ name: 'echo' }] }, status: { phase: 'Running', ...changes },
});
const ready = (status: 'True' | 'Unknown') => [{ type: 'Ready', status, ...(status === 'Unknown' && { reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' }) }];
const node = (status: 'True' | 'Unknown'): KubeNode => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'dev-worker2', uid: 'n', creationTimestamp: '2020-01-01T00:00:00Z' }, spec: status === 'True' ? {} : { taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }] }, status: { conditions: ready(status) } });
const event = (reason: string, count: number, lastTimestamp: string, type = 'Warning'): KubeEvent => ({ apiVersion: 'v1', kind: 'Event', metadata: { name: reason, namespace: 'ns', uid: reason }, involvedObject: { kind: 'Pod', name: 'app' }, reason, message: 'it says why', type, count, lastTimestamp });

const seen = (nodes = ['dev-worker2'], isForeign = (_namespace: string): boolean => false) => observer.within({ since, until: Date.now() + 1000, nodes, namespace: 'ns', isForeign });
const words = (who: string, told = seen()): string[] => told.find((one) => one.who === who)!.happenings.map(({ what, bad }) => `${bad === true ? '! ' : ''}${what}`);
const until = async (look: () => boolean): Promise<void> => { await waitFor('the observer', async () => (look() ? { done: true } : { missing: JSON.stringify(seen()) }), { timeoutMs: 20_000, everyMs: 10 }); };

test('changes of Pods and nodes are told as they come, and what was there before is no news', async () => {
  await until(() => api.watches === 3);
  api.say('/api/v1/pods', 'ADDED', pod('old', {}, { creationTimestamp: '2020-01-01T00:00:00Z' }));
  api.say('/api/v1/nodes', 'ADDED', node('True'));
  api.say('/api/v1/pods', 'ADDED', pod('app', { phase: 'Pending' }));
  api.say('/api/v1/pods', 'MODIFIED', pod('app', { podIP: '10.244.3.2', conditions: ready('True') as never }));
  api.say('/api/v1/pods', 'MODIFIED', pod('app', { podIP: '10.244.3.3', containerStatuses: [{ name: 'echo', ready: false, restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } } }] }));
  api.say('/api/v1/nodes', 'MODIFIED', node('Unknown'));
  await until(() => words('Pods').length === 3 && words('nodes').length === 1);
  assert.deepEqual(words('Pods'), [
    'ns/app is there: Pending, on dev-worker2', 'ns/app: Running, ready, 10.244.3.2',
    '! ns/app: Running, echo CrashLoopBackOff, restart 1, not ready, address 10.244.3.3, before 10.244.3.2',
  ]);
  assert.deepEqual(words('nodes'), ['! dev-worker2: not Ready (Unknown), NodeStatusUnknown, Kubelet stopped posting node status., tainted node.kubernetes.io/unreachable:NoExecute']);
  assert.deepEqual(observer.nodesOf('ns', since), ['dev-worker2']);
});

test('Events are told with their own time when they come late, each count once, and those that say no more than the Pod not at all', async () => {
  const late = new Date(Date.now() - 10_000).toISOString();
  observer.seeEvent({ type: 'ADDED', object: event('Started', 1, late, 'Normal') }, Date.now());
  const now = Date.now();
  for (const count of [1, 1, 2]) observer.seeEvent({ type: 'MODIFIED', object: event('FailedCreatePodSandBox', count, new Date(now).toISOString()) }, now);
  const [told] = seen().find(({ who }) => who === 'Pods')!.happenings.filter(({ what }) => what.includes('it says why'));
  assert.deepEqual(told, { at: now, what: 'ns/app: FailedCreatePodSandBox: it says why', bad: true, count: 2, until: now });
});

test('what belongs to somebody else is left out', () => {
  assert.deepEqual(words('Pods', seen(['dev-worker2'], () => true)), []);
  assert.deepEqual(words('nodes', seen(['dev-worker3'])), []);
});

test('an API server that was away is watched again, and the time without it is told', async () => {
  const before = api.watches;
  api.drop();
  await until(() => api.watches === before + 3);
  await sleep(50);
  api.say('/api/v1/pods', 'DELETED', pod('app', {}));
  await until(() => words('Pods').includes('ns/app is gone'));
});

const told = [['/api/v1/pods', 'Pods', ['Pods']], ['/api/v1/nodes', 'nodes', ['nodes']], ['/api/v1/events', 'Events', ['nodes', 'Pods']]] as const;

test('what a list tells again has been told, and a watch that broke goes on from a version of the list', async () => {
  const again = new Api();
  again.events = [event('BackOff', 5, new Date(Date.now() - 60_000).toISOString())];
  const watching = new ApiObserver(await again.listen());
  const counts = () => watching.within({ since: 0, until: Date.now() + 1000, nodes: [], namespace: 'ns', isForeign: () => false }).find(({ who }) => who === 'Pods')!.happenings.map(({ what, count = 1 }) => `${what} ${count}`);
  try {
    await until(() => again.watches === 3);
    again.drop();
    await until(() => again.watches === 6);
    for (const count of [3, 6]) again.say('/api/v1/events', 'MODIFIED', event('BackOff', count, new Date().toISOString()));
    await until(() => counts().length > 0);
    assert.deepEqual([counts(), new Set(again.versions)], [['ns/app: BackOff: it says why 1'], new Set(['1'])]);
  } finally {
    watching.stop();
    again.close();
  }
});

test('a watch that hangs is found out and begun anew, and whoever depends on it says when it told nothing', async () => {
  await Promise.all(told.map(async ([path, what, whoSay]) => {
    const hanging = new Api();
    hanging.hangs.add(path);
    const from = Date.now();
    const watching = new ApiObserver(await hanging.listen(), { lifeSeconds: 1, graceMs: 1000 });
    const watched = () => watching.within({ since: from, until: Date.now(), nodes: [], namespace: 'ns', isForeign: () => false });
    const gaps = () => watched().flatMap(({ who, gaps }) => gaps.map((gap) => `${who}: ${gap}`));
    try {
      // Those that end as they were asked to are followed by others at once: of them there is nothing to say.
      await until(() => gaps().length === whoSay.length && hanging.watches >= 8);
      for (const [index, who] of whoSay.entries()) assert.match(gaps()[index]!, new RegExp(`^${who}: the API told nothing of ${what} from [\\d:]+ to [\\d:]+ UTC, so what came and went then is missing$`));
      if (what !== 'Pods') return;
      // It tells again, and goes on where the one before has ended.
      await until(() => {
        hanging.say(path, 'ADDED', pod('late', {}, { resourceVersion: '77' }));
        return hanging.versions.includes('77');
      });
      assert.ok(watched().some(({ happenings }) => happenings.some(({ what: words }) => words.startsWith('ns/late is there'))));
    } finally {
      watching.stop();
      hanging.close();
    }
  }));
});

test('an API that was away told nothing of all three, and both say so in one sentence each', async () => {
  const away = new Api();
  const from = Date.now();
  const watching = new ApiObserver(await away.listen());
  const gaps = () => watching.within({ since: from, until: Date.now(), nodes: [], namespace: 'ns', isForeign: () => false }).map(({ gaps }) => gaps.join());
  try {
    await until(() => away.watches === 3);
    away.refuses = true;
    away.drop();
    await sleep(2500);
    away.refuses = false;
    await until(() => gaps().every((gap) => gap !== ''));
    assert.match(gaps()[0]!, /^the API told nothing of nodes and Events from [^,]+ UTC, so what came and went then is missing$/);
    assert.match(gaps()[1]!, /^the API told nothing of Pods and Events from [^,]+ UTC, so what came and went then is missing$/);
  } finally {
    watching.stop();
    away.close();
  }
});
