import type { ClusterStatus, LinkStatus, NodeStatus } from '../status.ts';
import type { Io } from '../io.ts';
import { printJson } from '../io.ts';
import type { Register } from '../program.ts';
import { table } from '../../core/table.ts';

interface Flags {
  readonly json?: boolean;
  readonly watch?: boolean;
}

const everyMs = 2000;
/** ECMA-48: the cursor to the first place, and what is behind it erased. */
const clear = '\u001b[H\u001b[J';

export const status: Register = (program, io, run) => {
  program
    .command('status')
    .description('the clusters that there are: nodes and who they are, sites, links with what is injected, open faults')
    .argument('[name]', 'only this cluster')
    .option('--json', 'as JSON on stdout; with --watch, a line each time')
    .option('--watch', `again every ${everyMs / 1000} s, until it is interrupted`)
    .addHelpText('after', '\nExamples:\n  edgeproof status\n  edgeproof status dev --json\n  edgeproof status --watch')
    .action(run(async (name: string | undefined, flags: Flags) => {
      if (flags.watch !== true) return await look(name, flags, io);
      io.watchOnly?.();
      const { setTimeout: sleep } = await import('node:timers/promises');
      const over = AbortSignal.any([io.signal, ...(io.unread === undefined ? [] : [io.unread])]);
      while (!over.aborted) {
        await look(name, flags, io);
        await sleep(everyMs, undefined, { signal: over }).catch(() => {});
      }
      io.signal.throwIfAborted();
    }));
};

async function look(name: string | undefined, { json = false, watch = false }: Flags, io: Io): Promise<void> {
  const [{ clusterStatus }, { chooseCluster }, { listClusters }, { findEngine }] = await Promise.all([
    import('../status.ts'),
    import('../clusters.ts'),
    import('../../harness/cluster/store.ts'),
    import('../../harness/engine/find-engine.ts'),
  ]);
  const names = name === undefined ? await listClusters() : [await chooseCluster(name)];
  const engine = await findEngine(io.signal);
  const clusters = await Promise.all(names.map(async (one) => await clusterStatus(one, engine, io.signal)));
  if (json && watch) return void io.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), engine: engine ?? null, clusters })}\n`);
  if (json) return printJson(io, { engine: engine ?? null, clusters });
  const engineLine = engine === undefined ? 'No Docker engine answers.' : `Docker ${engine.version} at ${engine.host}${engine.private ? " (edgeproof's own)" : ''}.`;
  const at = watch ? `${io.stdout.isTTY === true ? clear : '\n'}${new Date().toISOString()}\n` : '';
  io.stdout.write(`${at}${engineLine}\n${clusters.length === 0 ? 'No clusters. Boot one: edgeproof up\n' : clusters.map(shown).join('')}`);
}

function shown(cluster: ClusterStatus): string {
  const nodes = cluster.nodes.map((node) => [node.name, node.tier, node.site ?? '', node.status, readyOf(node), node.address, node.podCidr ?? '', node.vtepMac ?? '', `${node.pods ?? ''}`]);
  const links = cluster.links.map((link) => [link.site, link.container, link.status, letsThrough(link), injectedOf(link)]);
  const faults = cluster.faults.map((fault) => [fault.id, fault.kind, fault.target, fault.startedAt]);
  return [
    `\nCluster ${cluster.name}: ${cluster.running ? 'running' : 'NOT WHOLE'}, topology ${cluster.topology}, implementation ${cluster.implementation} (${cluster.claimsProblem ?? `claims ${cluster.claims.join(', ') || 'nothing'}`}), since ${cluster.createdAt}`,
    `KUBECONFIG=${cluster.kubeconfig}`,
    indent(table(['node', 'tier', 'site', 'container', 'API says', 'address', 'podCIDR', 'flannel.1', 'Pods'], nodes)),
    ...(cluster.apiProblem === undefined ? [] : [indent(`the API does not answer: ${cluster.apiProblem}`)]),
    indent(table(['link of site', 'container', 'status', 'lets through', 'injected'], links)),
    ...(cluster.faultsProblem === undefined ? [] : [indent(`its faults are not known: ${cluster.faultsProblem}`)]),
    ...(faults.length === 0 ? [] : [indent(table(['open fault', 'kind', 'target', 'since'], faults))]),
    '',
  ].join('\n');
}

const readyOf = ({ ready }: NodeStatus): string => (ready === undefined ? '' : ready ? 'Ready' : 'NOT READY');

function letsThrough({ services, problem }: LinkStatus): string {
  if (services === undefined) return problem ?? '';
  const open = Object.keys(services).filter((name) => services[name]);
  return open.length === 0 ? 'nothing' : open.join(', ');
}

const injectedOf = ({ toxics = [] }: LinkStatus): string =>
  toxics.map(({ service, type, stream, attributes }) => `${type} on ${service} ${stream} (${Object.entries(attributes).map(([key, value]) => `${key} ${value}`).join(', ')})`).join('; ');

const indent = (text: string): string => `\n${text.replace(/^/gm, '  ')}`;
