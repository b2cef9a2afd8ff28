import { After, Given } from '@cucumber/cucumber';
import { CannotTellError } from '../core/errors.ts';
import { startApps } from './support/apps.ts';
import type { EdgeWorld } from './support/world.ts';

const labelNode = async (world: EdgeWorld, node: string, key: string, value: string | null): Promise<unknown> => await world.kube.mergePatch('v1', 'Node', node, { metadata: { labels: { [key]: value } } });

/** Where nothing makes nodes autonomous, as on plain Kubernetes, there is nothing to switch off. */
Given('an application {string} on its neighbour, whose autonomy is switched off, that the cloud evicts after {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  const { neighbour } = this.roles;
  if (neighbour === undefined) throw new CannotTellError('NO_NEIGHBOUR', `no site of ${this.cluster.topology.name} has two nodes`);
  const { autonomy } = this.cluster;
  if (autonomy !== undefined && autonomy.nodeLabel === undefined) throw new CannotTellError('NO_SWITCH', `${this.cluster.implementation} does not say how a node is made autonomous`, { next: 'name the label in its manifest: autonomy.nodeLabel' });
  this.demandAlone(`${neighbour.name} without autonomy`);
  if (autonomy?.nodeLabel !== undefined) await labelNode(this, neighbour.name, autonomy.nodeLabel.key, null);
  await startApps(this, [{ name, node: neighbour.name, evictAfterSeconds: seconds }]);
});

After({ tags: '@autonomy-no-eviction' }, async function (this: EdgeWorld) {
  if (!this.opened) return;
  const { cluster: { autonomy }, roles: { neighbour } } = this;
  if (autonomy?.nodeLabel !== undefined && neighbour !== undefined) await labelNode(this, neighbour.name, autonomy.nodeLabel.key, autonomy.nodeLabel.value);
});
