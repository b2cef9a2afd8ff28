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

  constructor() {
    this.#server = createServer({ key: pair.keyPem, cert: pair.certPem }, (request, response) => {
      const path = new URL(request.url!, 'https://x').pathname;
      this.watches += 1;
      response.writeHead(200).flushHeaders();
      this.#open.set(path, (this.#open.get(path) ?? new Set()).add(response));
    });
  }

  async listen(): Promise<KubeClient> {
    await new Promise<void>((resolve) => { this.#server.listen(0, '127.0.0.1', resolve); });
    return { server: new URL(`https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`), pem: { ca: authority.certPem, cert: pair.certPem, key: pair.keyPem } } as unknown as KubeClient;
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
const until = async (look: () => boolean): Promise<void> => { await waitFor('the observer', async () => (look() ? { done: true } : { missing: JSON.stringify(seen()) }), { timeoutMs: 5000, everyMs: 10 }); };

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
