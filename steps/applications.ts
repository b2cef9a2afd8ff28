import { Given, type DataTable } from '@cucumber/cucumber';
import { CannotTellError } from '../core/errors.ts';
import { startApps, type AppOptions } from './support/apps.ts';
import { rowsOf } from './support/table.ts';
import type { EdgeWorld } from './support/world.ts';

Given('an application {string} on the edge node', async function (this: EdgeWorld, name: string) {
  await startApps(this, [{ name, node: this.roles.edgeNode.name }]);
});

Given('an application {string} on the edge node that the cloud evicts after {int} s', async function (this: EdgeWorld, name: string, seconds: number) {
  await startApps(this, [{ name, node: this.roles.edgeNode.name, evictAfterSeconds: seconds }]);
});

Given('an application {string} on a cloud node', async function (this: EdgeWorld, name: string) {
  await startApps(this, [{ name, node: this.roles.cloudNode.name }]);
});

Given('an application {string} with a Service on a cloud node', async function (this: EdgeWorld, name: string) {
  await startApps(this, [{ name, node: this.roles.cloudNode.name, service: true }]);
});

Given('these applications run on the edge node:', async function (this: EdgeWorld, table: DataTable) {
  const rows = rowsOf(table, { application: 'text', kind: ['Deployment', 'StatefulSet', 'DaemonSet'], network: ['pod', 'host'] });
  await startApps(this, rows.map((row): AppOptions => ({ name: row.application, kind: row.kind, node: this.roles.edgeNode.name, hostNetwork: row.network === 'host', service: true })));
});

Given('these applications run in the site:', async function (this: EdgeWorld, table: DataTable) {
  const rows = rowsOf(table, { application: 'text', node: ['the edge node', 'its neighbour'], network: ['pod', 'host'] });
  await startApps(this, rows.map((row): AppOptions => {
    const node = row.node === 'its neighbour' ? this.roles.neighbour : this.roles.edgeNode;
    if (node === undefined) throw new CannotTellError('NO_NEIGHBOUR', `no site of ${this.cluster.topology.name} has two nodes`);
    return { name: row.application, node: node.name, hostNetwork: row.network === 'host', service: true };
  }));
});
