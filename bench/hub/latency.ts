import { controlPlaneOf } from '../../harness/cluster/state.ts';
import type { KubeObject } from '../../harness/kube/objects.ts';
import type { Answer, Door, Job, ReadAnswer, WatchAnswer } from '../processes/hub-client.ts';
import { cutOff, setLink } from './link.ts';
import { runOnHubNode } from './on-node.ts';
import type { Pair, Part } from './place.ts';
import { apiServerPort } from './traffic.ts';

export interface LatencyOptions {
  readonly rounds: number;
  /** Of one round. */
  readonly reads: number;
  readonly changes: number;
}

/** How a GET went: through the hub or straight to the API server, with the link there; or from the hub's cache, without it. */
export const readWays = ['straight', 'hub', 'cache'] as const;
export type ReadWay = (typeof readWays)[number];

export interface ReadSample extends ReadAnswer {
  readonly way: ReadWay;
  readonly round: number;
}

export interface WatchSample extends WatchAnswer {
  readonly round: number;
}

export interface Latency {
  readonly reads: readonly ReadSample[];
  readonly watches: readonly WatchSample[];
  /** Of the object that is read. */
  readonly objectBytes: number;
}

const client = 'client';
const object = 'read-me';
const contentBytes = 4096;
const jobTimeoutMs = 120_000;

/** A client on the hub's node, with TLS that it verifies, a token and one kept connection, reads an object and watches it change. */
export const measureLatency: Part<LatencyOptions, Latency> = async (pair, { rounds, reads, changes }, step) => {
  const { path, ways, objectBytes } = await prepare(pair);
  const run = async <Kind extends Answer>(job: Job): Promise<Kind> => await runOnHubNode<Kind>(pair, 'hub-client', job, jobTimeoutMs);
  const samples: ReadSample[] = [];
  const watches: WatchSample[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const way of round % 2 === 1 ? (['straight', 'hub'] as const) : (['hub', 'straight'] as const)) {
      step.detail(`round ${round} of ${rounds}: GET, ${way}`);
      samples.push({ way, round, ...(await run<ReadAnswer>({ kind: 'read', door: ways[way], path, count: reads })) });
    }
    step.detail(`round ${round} of ${rounds}: ${changes} changes`);
    watches.push({ round, ...(await run<WatchAnswer>({ kind: 'watch', ...ways, path, count: changes })) });
  }
  {
    await using _shut = await cutOff(pair);
    for (let round = 1; round <= rounds; round++) {
      step.detail(`round ${round} of ${rounds}: GET, cut off`);
      samples.push({ way: 'cache', round, ...(await run<ReadAnswer>({ kind: 'read', door: ways.hub, path, count: reads })) });
    }
  }
  await setLink(pair, true);
  return { reads: samples, watches, objectBytes };
};

/** A ServiceAccount's token, what it may read and change, and the two doors at which it is shown. */
async function prepare({ docker, cluster, kube, hub, place, namespace, signal }: Pair): Promise<{ path: string; ways: Record<'hub' | 'straight', Door>; objectBytes: number }> {
  const rbac = 'rbac.authorization.k8s.io/v1';
  const metadata = { name: client, namespace };
  await kube.applyAll([
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: rbac, kind: 'Role', metadata, rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch', 'patch'] }] },
    { apiVersion: rbac, kind: 'RoleBinding', metadata, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: client }, subjects: [{ kind: 'ServiceAccount', name: client, namespace }] },
  ], { signal });
  const made = await kube.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: object, namespace }, data: { content: 'x'.repeat(contentBytes) } }, { signal });
  const { status: { token } } = (await kube.request('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${client}/token`, { signal }, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } })) as { status: { token: string } };
  const clusterCa = (await kube.get<KubeObject & { data: { 'ca.crt': string } }>('v1', 'ConfigMap', 'kube-root-ca.crt', { namespace: 'kube-system', signal })).data['ca.crt'];
  const { stdout: authority } = await docker.exec(hub.name, ['cat', place.authorityFile], { signal });
  return {
    path: `/api/v1/namespaces/${namespace}/configmaps/${object}`,
    ways: { hub: { ...place.address, ca: authority, token }, straight: { host: controlPlaneOf(cluster).address, port: apiServerPort, ca: clusterCa, token } },
    objectBytes: JSON.stringify(made).length,
  };
}
