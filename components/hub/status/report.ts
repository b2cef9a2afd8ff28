import * as z from 'zod';
import type { CacheSummary, CollectionEntry, ObjectEntry } from '../cache/index.ts';
import type { LinkState } from '../link/index.ts';
import { parseRequest } from '../wire/index.ts';

const time = z.iso.datetime();
const count = z.number().int().nonnegative();

/** What one client was given of one thing. */
const cached = z.object({
  /** As kubectl names it: `pods`, `leases.coordination.k8s.io`. */
  resource: z.string(),
  /** '' for all namespaces, or none. */
  namespace: z.string(),
  fieldSelector: z.string(),
  labelSelector: z.string(),
  mediaType: z.string(),
  /** `whole`: a list, kept current by watches. `single`: objects that were asked for one by one. */
  as: z.enum(['whole', 'single']),
  objects: count,
  bytes: count,
  /** Of a whole list. */
  resourceVersion: z.string().optional(),
  /** When the API server was last heard of it; of single objects, of the one that is longest ago and of the last. */
  oldestAt: time,
  newestAt: time,
  /** Of a whole list: a watch of it is open, so while the link is connected it is current, however long ago something was heard of it. */
  watched: z.boolean().optional(),
  /** When a client last used it. */
  usedAt: time,
  /** Whether it survives this process. */
  stored: z.boolean(),
});

/** What `edge-hub status --json` prints. */
export const statusReport = z.object({
  node: z.string(),
  now: time,
  link: z.object({ state: z.enum(['connected', 'cutOff', 'unknown']), since: time, reason: z.string().optional(), lastContactAt: time.optional() }),
  cache: z.object({ bytes: count, maxBytes: count, tokens: count, acceptedTokens: count }),
  clients: z.array(z.object({ identity: z.string(), cached: z.array(cached) })),
  /** What was done here, and the cloud is to hear of when the link is back. */
  deferred: z.object({ writes: z.array(z.string()), events: count, eventBytes: count, eventsDropped: count }),
  /** Kept open until the link is back. */
  openWatches: count,
});

export type StatusReport = z.infer<typeof statusReport>;
export type Cached = z.infer<typeof cached>;

/** Where a report is made from. */
export interface StatusSource {
  readonly node: string;
  readonly link: { readonly state: LinkState; readonly lastContact: Date | undefined };
  summary(): CacheSummary;
  readonly events: { readonly size: number; readonly bytes: number; readonly dropped: number };
  readonly memory: { readonly waiting: readonly string[]; readonly openWatches: { readonly size: number } };
}

export function reportOf({ node, link: { state, lastContact }, summary, events, memory }: StatusSource, now = new Date()): StatusReport {
  const { bytes, maxBytes, tokens, acceptedTokens, collections, objects } = summary();
  const rows = [...collections.map(ofCollection), ...ofObjects(objects)];
  const identities = [...new Set(rows.map(({ identity }) => identity))].sort();
  return {
    node,
    now: now.toISOString(),
    link: { state: state.kind, since: state.since.toISOString(), ...(state.kind === 'cutOff' && { reason: state.reason }), ...(lastContact && { lastContactAt: lastContact.toISOString() }) },
    cache: { bytes, maxBytes, tokens, acceptedTokens },
    clients: identities.map((identity) => ({ identity, cached: rows.filter((row) => row.identity === identity).map(({ row }) => row).sort(byName) })),
    deferred: { writes: [...memory.waiting], events: events.size, eventBytes: events.bytes, eventsDropped: events.dropped },
    openWatches: memory.openWatches.size,
  };
}

interface Row {
  readonly identity: string;
  readonly row: Cached;
}

const iso = (ms: number): string => new Date(ms).toISOString();

function namesOf(path: string): Pick<Cached, 'resource' | 'namespace'> {
  const { resource, apiGroup, namespace } = parseRequest('GET', path.replaceAll('%', '%25'), {});
  return { resource: apiGroup === '' ? resource : `${resource}.${apiGroup}`, namespace };
}

function ofCollection({ identity, path, fieldSelector, labelSelector, mediaType, objects, bytes, resourceVersion, touchedAt, usedAt, watched, stored }: CollectionEntry): Row {
  const at = iso(touchedAt);
  return { identity, row: { ...namesOf(path), fieldSelector, labelSelector, mediaType, as: 'whole', objects, bytes, resourceVersion, oldestAt: at, newestAt: at, watched, usedAt: iso(usedAt), stored } };
}

/** Those of one resource, namespace and form together. */
function ofObjects(objects: readonly ObjectEntry[]): Row[] {
  const named = objects.map((object) => ({ ...object, ...namesOf(object.path) }));
  const groups = Map.groupBy(named, ({ identity, resource, namespace, mediaType }) => JSON.stringify([identity, resource, namespace, mediaType]));
  return Array.from(groups.values(), (group) => {
    const { identity, resource, namespace, mediaType } = group[0]!;
    const touched = group.map(({ touchedAt }) => touchedAt);
    return {
      identity,
      row: {
        resource, namespace, fieldSelector: '', labelSelector: '', mediaType, as: 'single', objects: group.length, bytes: group.reduce((sum, { bytes }) => sum + bytes, 0),
        oldestAt: iso(Math.min(...touched)), newestAt: iso(Math.max(...touched)), usedAt: iso(Math.max(...group.map(({ usedAt }) => usedAt))), stored: true,
      },
    };
  });
}

const nameOf = ({ resource, namespace, as, fieldSelector, labelSelector }: Cached): string => [resource, namespace, as, fieldSelector, labelSelector].join('\0');
const byName = (a: Cached, b: Cached): number => (nameOf(a) < nameOf(b) ? -1 : 1);
