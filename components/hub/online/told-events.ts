import type { KeptEvents } from '../cache/index.ts';
import { first } from '../common/headers.ts';
import type { FrontRequest } from '../front/index.ts';
import { maxEventBytes, nameOf } from '../offline/events.ts';
import type { KubeRequest } from '../wire/index.ts';

/**
 * The cloud has heard of an Event from its node itself: what is kept of it is older. Not only by a patch: of an Event that still waits here the cloud knows
 * nothing, answers a patch with 404, and is told of it by a create.
 */
export function supersedeEvents(events: KeptEvents, { request, kube }: { readonly request: FrontRequest; readonly kube: KubeRequest }): void {
  if (kube.resource !== 'events' || kube.subresource !== '' || events.size === 0) return;
  if (kube.verb === 'patch' || kube.verb === 'update') events.supersede(kube.path);
  if (kube.verb !== 'create') return;
  // The body was sent on, so it is there; one that is not is larger than any Event that is kept.
  request.readBody(maxEventBytes).then((body) => {
    const name = nameOf(first(request.headers, 'content-type') ?? '', body);
    if (name !== undefined) events.supersede(`${kube.path}/${name}`);
  }, () => {});
}
