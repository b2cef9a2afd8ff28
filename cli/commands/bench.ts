import { InvalidArgumentError } from 'commander';
import { suggest } from '../../core/suggest.ts';
import { printJson } from '../io.ts';
import { wholeNumber } from '../options.ts';
import type { Register } from '../program.ts';
import type { HubPart } from '../../bench/hub/result.ts';
import type { Contender } from '../../bench/result.ts';
import type { BenchHttpArguments } from '../run/bench-http.ts';
import type { BenchHubArguments } from '../run/bench-hub.ts';
import type { BenchArguments } from '../run/bench.ts';

const whole = { rounds: 5, agents: 1000, megabytes: 256, connections: 300 } as const;
const short = { rounds: 1, agents: 100, megabytes: 64, connections: 50 } as const;

/**
 * The first watch of a Go client brings its objects, and lives 5 to 10 minutes (`minWatchTimeout` of client-go's Reflector, up to twice that); from then on it goes on with plain ones, for good. Those are what a
 * node has at rest. Seconds.
 */
const firstWatchesSeconds = 600;
const wholeHub = { rounds: 5, settleSeconds: firstWatchesSeconds, seconds: 180, reads: 2000, changes: 300 } as const;
const shortHub = { rounds: 1, settleSeconds: 0, seconds: 30, reads: 300, changes: 50 } as const;

type Flags = Partial<BenchArguments>;

/** Those of bench/result.ts, which is not loaded for a `--help`. */
const contenderNames: readonly Contender[] = ['direct', 'tls-pipe', 'ours', 'konnectivity'];
const hubPartNames: readonly HubPart[] = ['rest', 'latency', 'restart', 'load'];
const names: BenchArguments['only'] = [...contenderNames, 'bulk', 'latency', 'idle'];

/** Reads a list. The reader throws InvalidArgumentError. */
const namesFrom = <Name extends string>(names: readonly Name[]) => (text: string): Name[] => text.split(',').map((one) => {
  const name = names.find((known) => known === one);
  if (name !== undefined) return name;
  const meant = suggest(one, names);
  throw new InvalidArgumentError(meant === undefined ? `Choose from ${names.join(', ')}.` : `Did you mean ${meant}?`);
});

export const bench: Register = (program, io, run) => {
  const verb = program.command('bench').description('measure the tunnel beside others, and the hub beside plain nodes').addHelpText('after', '\nExamples:\n  edgeproof bench tunnel\n  edgeproof bench report --json');
  verb
    .command('tunnel')
    .description('direct TCP, a plain TLS pipe, our tunnel and konnectivity, in turns')
    .option('--rounds <n>', `how often all take their turn (default: ${whole.rounds})`, wholeNumber(1, 100))
    .option('--agents <n>', `idle agents of one server (default: ${whole.agents})`, wholeNumber(1, 10_000))
    .option('--megabytes <n>', `of one bulk measurement (default: ${whole.megabytes})`, wholeNumber(1, 10_000))
    .option('--connections <n>', `of one latency measurement (default: ${whole.connections})`, wholeNumber(10, 10_000))
    .option('--only <names>', `contenders and parts, with commas between them: ${names.join(', ')}`, namesFrom(names))
    .option('--quick', 'one short round: to see that it works')
    .option('--profile', 'CPU profiles of our server and agent beside the result (DevTools opens them)', false)
    .addHelpText('after', '\nEverything is on the loopback of this machine. Written to reports/bench: result.json, table.md, plot.svg.\n\nExamples:\n  edgeproof bench tunnel\n  edgeproof bench tunnel --quick --only ours,konnectivity,latency')
    .action(run(async ({ quick = false, only = [], profile = false, ...flags }: Flags) => {
      const { benchTunnel } = await import('../run/bench.ts');
      return await benchTunnel({ ...(quick ? short : whole), ...flags, only, quick, profile }, io);
    }));
  verb
    .command('http')
    .description('reads of a kubelet over HTTPS at rates that are held (vegeta): where each contender breaks')
    .option('--only <names>', `contenders, with commas between them: ${contenderNames.join(', ')}`, namesFrom(contenderNames))
    .option('--cluster <name>', 'through the API server of this cluster instead, of a node in the cloud and of one at the edge')
    .option('--seconds <n>', 'how long each rate is held', wholeNumber(1, 60), 5)
    .option('--most <n>', 'the highest rate that is tried, in requests a second', wholeNumber(50, 20_000), 6400)
    .addHelpText('after', '\nExamples:\n  edgeproof bench http --only ours,konnectivity\n  edgeproof up one-edge --name b --implementation reference && edgeproof bench http --cluster b')
    .action(run(async ({ only = [], ...flags }: Partial<Pick<BenchHttpArguments, 'only'>> & Omit<BenchHttpArguments, 'only'>) => {
      const { benchHttp } = await import('../run/bench-http.ts');
      return await benchHttp({ only, ...flags }, io);
    }));
  verb
    .command('hub')
    .description('edge-hub: memory, CPU and traffic at rest, GET and watch, restarts, beside an empty Node and a plain node')
    .option('--rounds <n>', `how often restarts, reads and loads take their turn (default: ${wholeHub.rounds})`, wholeNumber(1, 50))
    .option('--seconds <n>', `how long both nodes are looked at while at rest (default: ${wholeHub.seconds})`, wholeNumber(10, 3600))
    .option('--only <parts>', `parts, with commas between them: ${hubPartNames.join(', ')}`, namesFrom(hubPartNames))
    .option('--cluster <name>', 'on this cluster instead of one of its own; it needs edge nodes in two sites. One of them is made a plain node, and given its hub again')
    .option('--quick', 'one short round: to see that it works')
    .addHelpText('after', '\nBoots a cluster with two equal sites, and removes it. Written to reports/bench: hub.json, table.md.\n\nExamples:\n  edgeproof bench hub\n  edgeproof bench hub --quick --only latency\n  edgeproof bench hub --only load')
    .action(run(async ({ quick = false, only = [], ...flags }: Partial<BenchHubArguments>) => {
      const { benchHub } = await import('../run/bench-hub.ts');
      return await benchHub({ ...(quick ? shortHub : wholeHub), ...flags, only, quick }, io);
    }));
  verb
    .command('report')
    .description('the newest whole results')
    .option('--json', 'as JSON on stdout, with ratios and all raw rounds: the tunnel\'s, and under "hub" the hub\'s')
    .addHelpText('after', '\nExample:\n  edgeproof bench report --json')
    .action(run(async ({ json = false }: { json?: boolean }) => {
      const [{ newestResults }, { tableOf }, { hubTable }] = await Promise.all([import('../../bench/store.ts'), import('../../bench/table.ts'), import('../../bench/hub/table.ts')]);
      const { tunnel, hub } = await newestResults();
      if (json) return printJson(io, { ...tunnel, ...(hub && { hub }) });
      if (tunnel !== undefined) io.stdout.write(tableOf(tunnel));
      if (hub !== undefined) io.stdout.write(`${tunnel === undefined ? '' : '\n'}${hubTable(hub)}`);
    }));
};
