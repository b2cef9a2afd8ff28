import type { ClusterStatus, LinkStatus } from '../status.ts';
import { printJson } from '../io.ts';
import type { Register } from '../program.ts';
import { table } from '../../core/table.ts';

export const status: Register = (program, io, run) => {
  program
    .command('status')
    .description('the clusters that there are: nodes, sites, links, open faults')
    .argument('[name]', 'only this cluster')
    .option('--json', 'as JSON on stdout')
    .addHelpText('after', '\nExamples:\n  edgeproof status\n  edgeproof status dev --json')
    .action(run(async (name: string | undefined, { json = false }: { json?: boolean }) => {
      const [{ clusterStatus }, { chooseCluster }, { listClusters }, { findEngine }] = await Promise.all([
        import('../status.ts'),
        import('../clusters.ts'),
        import('../../harness/cluster/store.ts'),
        import('../../harness/engine/find-engine.ts'),
      ]);
      const names = name === undefined ? await listClusters() : [await chooseCluster(name)];
      const engine = await findEngine(io.signal);
      const clusters = await Promise.all(names.map(async (one) => await clusterStatus(one, engine, io.signal)));
      if (json) return printJson(io, { engine: engine ?? null, clusters });
      const engineLine = engine === undefined ? 'No Docker engine answers.' : `Docker ${engine.version} at ${engine.host}${engine.private ? " (edgeproof's own)" : ''}.`;
      io.stdout.write(`${engineLine}\n${clusters.length === 0 ? 'No clusters. Boot one: edgeproof up\n' : clusters.map(shown).join('')}`);
    }));
};

function shown(cluster: ClusterStatus): string {
  const nodes = cluster.nodes.map((node) => [node.name, node.tier, node.site ?? '', node.address, node.status]);
  const links = cluster.links.map((link) => [link.site, link.container, link.status, letsThrough(link)]);
  const faults = cluster.faults.map((fault) => [fault.id, fault.kind, fault.target, fault.startedAt]);
  return [
    `\nCluster ${cluster.name}: ${cluster.running ? 'running' : 'NOT WHOLE'}, topology ${cluster.topology}, implementation ${cluster.implementation}, since ${cluster.createdAt}`,
    `KUBECONFIG=${cluster.kubeconfig}`,
    indent(table(['node', 'tier', 'site', 'address', 'status'], nodes)),
    indent(table(['link of site', 'container', 'status', 'lets through'], links)),
    ...(cluster.faultsProblem === undefined ? [] : [indent(`its faults are not known: ${cluster.faultsProblem}`)]),
    ...(faults.length === 0 ? [] : [indent(table(['open fault', 'kind', 'target', 'since'], faults))]),
    '',
  ].join('\n');
}

function letsThrough({ services, problem }: LinkStatus): string {
  if (services === undefined) return problem ?? '';
  const open = Object.keys(services).filter((name) => services[name]);
  return open.length === 0 ? 'nothing' : open.join(', ');
}

const indent = (text: string): string => `\n${text.replace(/^/gm, '  ')}`;
