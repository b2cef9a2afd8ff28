import { Given, Then } from '@cucumber/cucumber';
import { CannotTellError, PromiseBroken } from '../core/errors.ts';
import { askApiFrom, describeApiAnswer, namesOf, type ApiReply } from '../harness/probes/api-from-pod.ts';
import { podsOn } from '../harness/probes/pods-on-node.ts';
import { mayRead } from '../harness/workloads/rights.ts';
import { slugOf, startApps } from './support/apps.ts';
import type { EdgeWorld } from './support/world.ts';

async function ask(world: EdgeWorld, client: string, resource: string, signal?: AbortSignal): Promise<ApiReply> {
  const { node, uid } = world.app(client);
  const pod = (await podsOn(world.docker, node, signal)).find((one) => one.uid === uid);
  return await askApiFrom(world.docker, pod, `/api/v1/namespaces/${world.namespace}/${resource}`, signal);
}

const describe = (reply: ApiReply): string => ('failure' in reply ? reply.failure : describeApiAnswer(reply.answer));

Given('a client {string} of the API on the edge node, which may read ConfigMaps and Services', async function (this: EdgeWorld, name: string) {
  await this.kube.applyAll(mayRead(slugOf(name), this.namespace, ['configmaps', 'services']), { signal: this.signal });
  await startApps(this, [{ name, node: this.roles.edgeNode.name, serviceAccount: slugOf(name) }]);
});

Given('a client {string} of the API on the edge node, which may read nothing', async function (this: EdgeWorld, name: string) {
  await this.kube.applyAll(mayRead(slugOf(name), this.namespace, []), { signal: this.signal });
  await startApps(this, [{ name, node: this.roles.edgeNode.name, serviceAccount: slugOf(name) }]);
});

Given('{string} has read the ConfigMaps of its namespace, which {string} was refused', async function (this: EdgeWorld, reader: string, stranger: string) {
  const given = await ask(this, reader, 'configmaps', this.signal);
  const names = 'answer' in given ? namesOf(given.answer) : undefined;
  if (names === undefined || names.length === 0) throw new CannotTellError('NOT_READ', `${reader} was given no ConfigMaps while the cloud was there: ${describe(given)}`);
  this.namesRead = names;
  const refused = await ask(this, stranger, 'configmaps', this.signal);
  if (!('answer' in refused) || refused.answer.status !== 403) throw new CannotTellError('NOT_REFUSED', `${stranger} was to be refused with 403: ${describe(refused)}`);
});

Then('{string} reads the same ConfigMaps within {int} s', async function (this: EdgeWorld, reader: string, seconds: number) {
  await this.within({ what: `${reader} reading ConfigMaps`, seconds, code: 'API_UNREACHABLE', since: this.lastFaultAt }, async (signal) => {
    const reply = await ask(this, reader, 'configmaps', signal);
    const names = 'answer' in reply ? namesOf(reply.answer) : undefined;
    if (names === undefined) return { missing: describe(reply) };
    if (names.join() === this.namesRead.join()) return { done: true };
    throw new PromiseBroken('API_LIES', `${reader} was given ${names.join(', ') || 'an empty list'}; before it was ${this.namesRead.join(', ')}`);
  });
});

Then('{string} is not given them', async function (this: EdgeWorld, stranger: string) {
  const reply = await ask(this, stranger, 'configmaps', this.signal);
  if ('answer' in reply && reply.answer.status < 400) throw new PromiseBroken('CACHE_LEAKS', `${stranger}, which may not read ConfigMaps, was given ${describe(reply)}`);
});

Then('{string} gets an error for Services, which it has never read', async function (this: EdgeWorld, reader: string) {
  const reply = await ask(this, reader, 'services', this.signal);
  if ('answer' in reply && reply.answer.status < 400) throw new PromiseBroken('API_LIES', `${reader} was given a list of ${namesOf(reply.answer)?.length ?? 'unknown'} Services that nobody had read for it: ${describe(reply)}`);
});
