import { CacheStore } from '../../components/hub/cache/index.ts';
import type { WireObject } from '../../components/hub/wire/index.ts';

/** One run of this program: it fills a cache, or reads one that another has filled. */
export interface CacheJob {
  readonly what: 'fill' | 'load';
  readonly folder: string;
  readonly pods: number;
  readonly slices: number;
}

/** Of one load: milliseconds of it alone, and what there was. */
export interface Loaded {
  readonly ms: number;
  readonly objects: number;
  readonly bytes: number;
  /** Resident before and after, in bytes. */
  readonly rssBefore: number;
  readonly rss: number;
}

/** About as large as a Pod with its status, and an EndpointSlice with a handful of endpoints, are in JSON. Bytes. */
const podBytes = 8000;
const sliceBytes = 1300;

const object = (kind: string, number: number, bytes: number): WireObject => {
  const [name, resourceVersion] = [`${kind}-${number}`, String(number + 1)];
  const head = `{"metadata":{"name":"${name}","namespace":"default","uid":"uid-${name}","resourceVersion":"${resourceVersion}"},"content":"`;
  return { namespace: 'default', name, uid: `uid-${name}`, resourceVersion, raw: Buffer.from(`${head}${'x'.repeat(bytes - head.length - 2)}"}`) };
};

async function fill({ folder, pods, slices }: CacheJob): Promise<void> {
  await using store = await CacheStore.open(folder);
  const of = (identity: string, path: string, apiVersion: string, kind: string, count: number, bytes: number): void => {
    using list = store.begin({ identity, path, fieldSelector: '', labelSelector: '', mediaType: 'application/json' });
    for (let number = 0; number < count; number++) list.put(object(kind.toLowerCase(), number, bytes));
    if (!list.commit({ type: { apiVersion, kind }, resourceVersion: String(count + 1) })) throw new Error(`the list of ${kind} was not kept`);
  };
  of('system:node:edge-1', '/api/v1/pods', 'v1', 'Pod', pods, podBytes);
  of('system:serviceaccount:kube-system:kube-proxy', '/apis/discovery.k8s.io/v1/endpointslices', 'discovery.k8s.io/v1', 'EndpointSlice', slices, sliceBytes);
}

async function load({ folder, pods, slices }: CacheJob): Promise<Loaded> {
  const rssBefore = process.memoryUsage.rss();
  const startedAt = performance.now();
  await using store = await CacheStore.open(folder);
  const ms = performance.now() - startedAt;
  const { bytes, collections } = store.summary();
  const objects = collections.reduce((sum, one) => sum + one.objects, 0);
  if (objects !== pods + slices) throw new Error(`${objects} objects were read of ${pods + slices}`);
  return { ms, objects, bytes, rssBefore, rss: process.memoryUsage.rss() };
}

const job = JSON.parse(process.argv[2] ?? '{}') as CacheJob;
if (job.what === 'fill') await fill(job);
else process.stdout.write(JSON.stringify(await load(job)));
