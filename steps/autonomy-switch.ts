import { Given } from '@cucumber/cucumber';
import { CannotTellError } from '../core/errors.ts';
import { startApps } from './support/apps.ts';
import type { EdgeWorld } from './support/world.ts';

/** Where nothing makes nodes autonomous, as on plain Kubernetes, there is nothing to switch off. */
Given('an application {string} on its neighbour, whose autonomy is switched off, that the cloud evicts after {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  const { neighbour } = this.roles;
  if (neighbour === undefined) throw new CannotTellError('NO_NEIGHBOUR', `no site of ${this.cluster.topology.name} has two nodes`);
  const { autonomy } = this.cluster;
  if (autonomy !== undefined && autonomy.nodeLabel === undefined) throw new CannotTellError('NO_SWITCH', `${this.cluster.implementation} does not say how a node is made autonomous`, { next: 'name the label in its manifest: autonomy.nodeLabel' });
  this.demandAlone(`${neighbour.name} without autonomy`);
  if (autonomy?.nodeLabel !== undefined) {
    const { kube } = this;
    const { key, value } = autonomy.nodeLabel;
    const label = async (now: string | null, signal: AbortSignal): Promise<void> => void (await kube.mergePatch('v1', 'Node', neighbour.name, { metadata: { labels: { [key]: now } } }, { signal }));
    this.undos.add(`the autonomy of ${neighbour.name}`, async (signal) => await label(value, signal));
    await label(null, this.signal);
  }
  await startApps(this, [{ name, node: neighbour.name, evictAfterSeconds: seconds }]);
});
